// Decoded code. An instruction is a function with the places of its operands, all in one file of registers a warp: 32 lanes a
// register, 2, 4 or 8 bytes a lane; a predicate is 32 bits. Constants and special registers have places there too, so that
// operations need not know what kind their operands are.
#pragma once

#include "emulator/ptx/Ast.h"

#include <deque>
#include <memory>

namespace skip::emulator {

struct Warp;
struct Instruction;
struct Program;

/// Runs one instruction for the lanes of `mask`, which is never 0. Throws Fault.
using Execute = void (*)(Warp &, const Instruction &, uint32_t mask);

enum class Order : uint8_t { weak, relaxed, acquire, release, acquireRelease };
enum class Scope : uint8_t { block, cluster, device };

struct Instruction {
  Execute execute = nullptr;
  uint32_t dst = 0, a = 0, b = 0, c = 0; // bytes into the register file
  uint32_t guard = 0;                    // 0: none
  uint32_t list = 0;                     // first of further operands in Program::lists
  int64_t immediate = 0;                 // displacement of an address, or what the operation wants
  uint32_t target = 0, reconverge = 0;   // of a branch; `detail` of others
  uint32_t statement = 0;
  uint8_t count = 1; // elements of a vector
  uint8_t kind = 0;  // what the operation wants
  Space space = Space::generic;
  Order order = Order::weak;
  Scope scope = Scope::device;
  bool guardNegated = false;
  bool narrowAddress = false;     // the address is in a register of 32 bits
  bool writesAccumulator = false; // of a wgmma, and is none itself
};
constexpr uint32_t kNoReconvergence = ~uint32_t(0);

/// What a special register holds. Those up to `last` that do not change while a warp runs have a place in its file.
enum class Special : uint8_t {
  tidX,
  tidY,
  tidZ,
  ntidX,
  ntidY,
  ntidZ,
  ctaidX,
  ctaidY,
  ctaidZ,
  nctaidX,
  nctaidY,
  nctaidZ,
  laneid,
  warpid,
  nwarpid,
  lanemaskEq,
  lanemaskLe,
  lanemaskLt,
  lanemaskGe,
  lanemaskGt,
  clusteridX,
  clusteridY,
  clusteridZ,
  nclusteridX,
  nclusteridY,
  nclusteridZ,
  clusterCtaidX,
  clusterCtaidY,
  clusterCtaidZ,
  clusterNctaidX,
  clusterNctaidY,
  clusterNctaidZ,
  clusterCtarank,
  clusterNctarank,
  smid,
  nsmid,
  gridid,
  totalSmemSize,
  dynamicSmemSize,
  aggrSmemSize,
  isExplicitCluster,
  clock,
  clockHi,
  clock64,
  globaltimer,
  globaltimerLo,
  globaltimerHi,
  none
};

struct SpecialPlace {
  Special special;
  uint32_t slot;
  uint8_t bytes; // of a lane
};

struct ConstantPlace {
  uint64_t bits;
  uint32_t slot, bytes; // of a lane
};

/// What matrix instructions and tensor copies know besides: see those that use it.
struct Detail {
  std::vector<uint32_t> d, a, b, c; // places of registers
  uint32_t numbers[8] = {};
  uint32_t narrow = 0;       // bit a part: its address is in 32 bits
  Execute compare = nullptr; // of `set`
};

/// A parameter of a function that is called, or a .param variable of one that calls: bytes a lane within the frame.
struct ParamPlace {
  uint32_t offset = 0, bytes = 0;
};

struct Program {
  const Function *source = nullptr;
  std::string name;
  std::vector<Instruction> code;
  std::vector<uint32_t> lists;
  std::deque<Detail> details;
  std::vector<SpecialPlace> specials;
  std::vector<ConstantPlace> constants;
  uint32_t fileBytes = 0;
  uint32_t localBytes = 0, frameParamBytes = 0; // a lane
  std::vector<ParamPlace> formals, results;     // of a function that is called
  struct Call {
    const Program *callee = nullptr;
    std::vector<ParamPlace> arguments, results;
  };
  std::vector<Call> calls;
  std::vector<uint32_t> accumulators; // places of registers that a wgmma may still be writing
  // What instructions name, for the checks of registers in flight: of instruction i, uses[useBegin[i]] to uses[useBegin[i +
  // 1]].
  std::vector<uint32_t> useBegin, uses;
  bool usesWgmma = false;

  std::string_view textOf(const Instruction &in) const {
    return in.statement < source->statements.size() ? source->statements[in.statement].text : "the end of the function";
  }
  int lineOf(const Instruction &in) const {
    return in.statement < source->statements.size() ? source->statements[in.statement].line : source->line;
  }
};

struct ModuleState {
  std::string text;
  ParsedModule parsed;
  Architecture architecture;
  DeviceMemory *memory = nullptr;
  std::vector<KernelInfo> kernels;
  std::deque<Program> programs; // of the kernels, in their order, then of functions
  std::map<std::string, DeviceMemory::Range, std::less<>> globals;
  std::vector<uint64_t> allocations; // theirs, and those of functions' own, whose names may be the same
};
struct Module::State : ModuleState {};

// Where the windows of generic addresses lie. Global addresses are the host's, below 2^47.
constexpr uint64_t kSharedWindow = uint64_t(1) << 56, kLocalWindow = uint64_t(2) << 56, kParamWindow = uint64_t(3) << 56;
constexpr uint64_t kWindowMask = uint64_t(0xff) << 56;
/// Shared addresses begin here, so that 0 names nothing. Bits 24 and up of an address of shared::cluster: 1 + rank of the
/// block, or 0 for the own block.
constexpr uint32_t kSharedBase = 1024, kRankShift = 24;

} // namespace skip::emulator
