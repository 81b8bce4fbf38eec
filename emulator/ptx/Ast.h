// A PTX module as it was written, with names resolved to the registers, variables, labels and functions that they name.
#pragma once

#include "emulator/Machine.h"
#include "emulator/ptx/Types.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace skip::emulator {

struct Variable {
  std::string name;
  Space space = Space::global;
  Type type = Type::b8;
  uint32_t alignment = 1;
  uint64_t bytes = 0;
  bool isExtern = false, isUnsized = false;
  std::vector<std::byte> initial; // empty: zeros; shorter than `bytes`: zeros behind it
  struct Address {
    uint64_t offset;
    std::string name;
    int64_t addend;
    int line;
  };
  std::vector<Address> addresses; // of other variables, within `initial`
  int line = 0;
};

struct Register {
  Type type = Type::b32;
  std::string name;
};

struct Operand {
  enum class Kind : uint8_t { reg, special, variable, label, function, integer, real, memory, vector, pair, list, sink };
  Kind kind = Kind::integer;
  bool negated = false;  // `!%p`, `-%r` is none of PTX's
  bool isDouble = false; // of a real
  uint32_t index = 0;    // of the register or the label
  const Variable *variable = nullptr;
  std::string_view name;      // of a special register, a function, or what is not resolved yet
  int64_t value = 0;          // of an integer; of a memory operand, or a variable, what is added
  uint64_t bits = 0;          // of a real
  std::vector<Operand> parts; // memory: the base and perhaps a vector of coordinates; pair, vector, list: the elements
};

struct Statement {
  std::string_view opcode; // with its modifiers
  std::string_view text;   // as it was written, for reports
  int line = 0;
  bool guarded = false, guardNegated = false;
  uint32_t guard = 0; // a register
  std::vector<Operand> operands;
};

struct Function {
  std::string name;
  bool isEntry = false, isDefined = false;
  int line = 0;
  std::vector<const Variable *> parameters, results;
  std::vector<Register> registers; // that are used
  std::deque<Variable> variables;  // parameters, results, and of the body: shared, local, param, const, global
  std::vector<Statement> statements;
  std::vector<uint32_t> labels;                     // statement in front of which each stands
  std::vector<std::vector<uint32_t>> branchTargets; // of `.branchtargets`, by the value of the label operand that names it
  uint32_t maxThreads = 0;
  std::optional<Dim3> requiredBlock, requiredCluster;
  bool explicitCluster = false;
};

struct ParsedModule {
  int major = 0, minor = 0;
  std::string target;
  std::deque<Variable> variables;
  std::deque<Function> functions;

  const Function *function(std::string_view name) const;
};

/// Throws PtxError. The views of the result point into `source`.
ParsedModule parse(std::string_view source);

} // namespace skip::emulator
