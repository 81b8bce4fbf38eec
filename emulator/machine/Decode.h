// Turns statements into instructions. An operation's decoder takes its modifiers one by one; what is left over in the end is an
// error, so that nothing unknown is passed over.
#pragma once

#include "emulator/machine/Program.h"

#include <initializer_list>
#include <span>
#include <unordered_map>

namespace skip::emulator {

/// Where variables lie: those of the module, and those of the function.
struct Addresses {
  std::unordered_map<const Variable *, uint64_t> of;
  std::unordered_map<const Variable *, ParamPlace> params; // of frames
};

class Decoding;
struct Operation {
  std::string_view name;
  void (*decode)(Decoding &);
};

/// Of `%tid.x` and its like; none for what is no special register.
Special specialOf(std::string_view name);

/// Gives registers, constants and special registers their places.
class FileLayout {
public:
  FileLayout(Program &program, const Function &function);

  static constexpr uint32_t kSink = 0, kCarry = 256;
  uint32_t registerPlace(uint32_t index);
  uint32_t constant(uint64_t bits, uint32_t bytes);
  uint32_t special(Special special, uint32_t bytes);
  uint32_t scratch(uint32_t bytesALane);
  void finish();

private:
  Program &program;
  const Function &function;
  std::vector<uint32_t> leaders; // whose place each register has
  std::vector<uint32_t> ofRegister;
  std::map<std::pair<uint64_t, uint32_t>, uint32_t> constants;
  std::map<std::pair<Special, uint32_t>, uint32_t> specials;
  uint32_t next = 512, nextPredicate = 0, predicatesEnd = 0;
};

class Decoding {
public:
  Decoding(Program &program, FileLayout &layout, const Addresses &addresses, const ModuleState &module,
           const Statement &statement)
      : program(program), layout(layout), addresses(addresses), module(module), statement(statement) {}
  void run();

  Instruction in;
  Program &program;
  FileLayout &layout;
  const Addresses &addresses;
  const ModuleState &module;
  const Statement &statement;

  [[noreturn]] void fail(std::string text) const;
  // Modifiers.
  bool take(std::string_view modifier);
  /// The index of the one of `choices` that is there; -1 if none is.
  int takeOneOf(std::initializer_list<std::string_view> choices);
  Type takeType(); // the next modifier that is a type; none if there is none
  Type wantType(std::initializer_list<Type> allowed);
  std::string_view takeStartingWith(std::string_view prefix); // without the prefix; empty if there is none
  void takeCacheHints();
  [[noreturn]] void refuseType(Type type) const;
  // Operands.
  size_t operandCount() const { return statement.operands.size(); }
  void wantOperands(size_t least, size_t most) const;
  const Operand &operand(size_t index) const;
  uint32_t source(const Operand &operand, Type type);
  uint32_t source(size_t index, Type type) { return source(operand(index), type); }
  /// The same, of a register that may be wider than the type; its bytes in `bytes`.
  uint32_t wideSource(const Operand &operand, Type type, uint32_t &bytes);
  uint32_t destination(const Operand &operand, Type type);
  uint32_t destination(size_t index, Type type) { return destination(operand(index), type); }
  uint32_t wideDestination(const Operand &operand, Type type, uint32_t &bytes);
  uint32_t predicate(const Operand &operand, bool &negated);
  /// `[a + 4]` into in.a, in.immediate and in.narrowAddress.
  void address(const Operand &operand);
  void address(size_t index) { address(operand(index)); }
  int64_t integer(size_t index) const;
  std::vector<uint32_t> sources(const Operand &operand, Type type, size_t count);
  std::vector<uint32_t> destinations(const Operand &operand, Type type, size_t count);
  uint32_t addList(std::span<const uint32_t> places);
  Detail &addDetail();
  /// The instruction wants these architectures.
  void wantArchitecture(int atLeast, bool specific = false) const;
  void takeScope();

private:
  uint32_t addressOf(const Operand &operand, uint32_t bytes);
  uint32_t immediate(const Operand &operand, Type type);
  uint32_t registerBytes(const Operand &operand) const;
  std::string_view name;
  std::vector<std::string_view> modifiers;
};

// Each file of machine/ops has a table.
std::span<const Operation> integerOperations();
std::span<const Operation> carryOperations();
std::span<const Operation> bitOperations();
std::span<const Operation> fieldOperations();
std::span<const Operation> floatOperations();
std::span<const Operation> functionOperations();
std::span<const Operation> compareOperations();
std::span<const Operation> choiceOperations();
std::span<const Operation> convertOperations();
std::span<const Operation> moveOperations();
std::span<const Operation> memoryOperations();
std::span<const Operation> atomicOperations();
std::span<const Operation> controlOperations();
std::span<const Operation> warpOperations();
std::span<const Operation> barrierOperations();
std::span<const Operation> asyncOperations();
std::span<const Operation> matrixOperations();
std::span<const Operation> mbarrierOperations();
std::span<const Operation> warpgroupOperations();
std::span<const Operation> clusterOperations();

Instruction endOfCode(); // a return
/// What each instruction of a program with wgmma names.
void findUses(Program &program, FileLayout &layout);

/// Places of `function`'s statements in a program. Throws PtxError.
void decode(Program &program, const Function &function, const Addresses &addresses, const ModuleState &module);

} // namespace skip::emulator
