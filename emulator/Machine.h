// What the driver asks of the machine that executes PTX: device memory, modules, launches, and what went wrong in them.
//
// The machine knows nothing of the driver API. It runs on the calling thread, draws every order (warps, blocks, completions of
// asynchronous work) from one seed, and stops at the first fault, as silicon would at the first that it notices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skip::emulator {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
};

/// What the GPUs of one architecture can do at most. Tests narrow single limits.
struct Architecture {
  std::string name; // "sm_80", "sm_90a"
  int major = 8, minor = 0;
  bool specific = false; // the `a` of sm_90a: wgmma, setmaxnreg
  uint32_t multiprocessors = 108;
  uint32_t sharedBytesPerBlock = 48 * 1024, sharedBytesPerBlockOptin = 163 * 1024, sharedBytesPerMultiprocessor = 164 * 1024;
  uint32_t registersPerMultiprocessor = 65536, threadsPerMultiprocessor = 2048, blocksPerMultiprocessor = 32;
  uint32_t clusterBlocks = 1; // the most blocks of a portable cluster
  uint64_t l2Bytes = 40ull << 20, memoryBytes = 80ull << 30;
};
/// sm_80, sm_86, sm_89, sm_90, sm_90a; none for any other name.
std::optional<Architecture> architectureOf(std::string_view name);

/// Device memory: real host memory behind a table of allocations, with a shadow bit a byte for "was written". Addresses are
/// those of the host, so that host code may copy to and from a range that `contains` has allowed. Not thread-safe: the driver
/// locks.
class DeviceMemory {
public:
  explicit DeviceMemory(uint64_t capacityBytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory &) = delete;
  DeviceMemory &operator=(const DeviceMemory &) = delete;

  /// Aligned to 256 bytes, all bytes uninitialised; 0 if `bytes` is 0 or more than what is left.
  uint64_t allocate(uint64_t bytes);
  /// False unless `address` is the start of a live allocation. A freed range is remembered, so that its use is told as that.
  bool release(uint64_t address);

  struct Range {
    uint64_t address = 0, bytes = 0;
  };
  std::optional<Range> find(uint64_t address) const; // the live allocation that holds the byte
  bool wasFreed(uint64_t address) const;
  bool contains(uint64_t address, uint64_t bytes) const; // all of it in one live allocation
  uint64_t usedBytes() const;
  std::vector<Range> live() const;

  void markWritten(uint64_t address, uint64_t bytes); // by a copy or a memset of the host
  bool isWritten(uint64_t address, uint64_t bytes) const;
  void copyShadow(uint64_t to, uint64_t from, uint64_t bytes); // a copy from device to device carries what was never written

private:
  friend class Machine;
  struct State;
  std::unique_ptr<State> state;
};

struct KernelInfo {
  std::string name;
  struct Param {
    uint32_t offset = 0, bytes = 0, alignment = 1;
  };
  std::vector<Param> params;
  uint32_t paramBytes = 0;
  uint32_t staticSharedBytes = 0, localBytes = 0;
  uint32_t maxThreads = 1024; // .maxntid's or .reqntid's product
  std::optional<Dim3> requiredBlock, requiredCluster;
};

/// A parse or semantic error of PTX: the line (from 1) and what was expected there. An instruction that the emulator does not
/// know is such an error, named, never passed over.
struct PtxError {
  int line = 0;
  std::string text;
};

/// A PTX module for one architecture, decoded. Its global variables live in `memory` until it is destroyed.
class Module {
public:
  /// Refuses a .version that is unknown, a .target above `architecture` (or one with `a` that is not exactly it), and code that
  /// cannot be decoded. `ptx` need not end in a zero byte.
  static std::variant<std::unique_ptr<Module>, PtxError> load(std::string_view ptx, const Architecture &architecture,
                                                              DeviceMemory &memory);
  ~Module();
  const std::vector<KernelInfo> &kernels() const;
  std::optional<DeviceMemory::Range> global(std::string_view name) const;

private:
  friend class Machine;
  Module();
  struct State;
  std::unique_ptr<State> state;
};

struct Launch {
  const Module *module = nullptr;
  size_t kernel = 0; // index into module->kernels()
  Dim3 grid, block, cluster;
  uint32_t dynamicSharedBytes = 0;
  std::vector<std::byte> params; // paramBytes of them, as laid out in KernelInfo::params
  /// Programmatic stream serialization: may start before the launch in front of it has ended. Run adversarially: as early as
  /// `griddepcontrol.launch_dependents` allows, and any access of global memory before `griddepcontrol.wait` is a fault.
  bool programmatic = false;
};

enum class Completion { eager, lazy, mixed }; // when asynchronous copies and products take effect

struct Settings {
  uint64_t seed = 1;
  Completion completion = Completion::mixed;
  bool checks = true;               // races, uninitialised reads, fences, convergence; bounds and alignment are always checked
  uint64_t maxWarpInstructions = 0; // 0: no limit; beyond it a launch is told as one that does not end
};

enum class FaultKind {
  outOfBounds,
  useAfterFree,
  misaligned,
  uninitialised,
  race,
  missingFence,
  missingWait,
  divergence,
  illegalTensorMap,
  illegalDescriptor,
  illegalBarrier,
  deadlock,
  outOfResources,
  illegalInstruction,
  trap,
  noEnd
};
std::string_view nameOf(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::trap;
  std::string text; // one line: what happened, with addresses and the other party of a race
  std::string kernel, instruction;
  int line = 0;       // of the PTX
  Dim3 block, thread; // thread: the first lane that is concerned
};

/// Of one launch. Bytes are those that lanes name, before any cache.
struct Counters {
  uint64_t warpInstructions = 0, globalReadBytes = 0, globalWriteBytes = 0, sharedReadBytes = 0, sharedWriteBytes = 0;
  uint64_t sharedAccesses = 0, bankConflicts = 0; // conflicts: wavefronts beyond those that the widths need
  uint64_t matrixOperations = 0;                  // multiply-adds of mma and wgmma
};

struct Outcome {
  std::optional<Fault> fault;
  size_t launch = 0;              // the one that failed
  std::vector<Counters> counters; // one a launch
};

class Machine {
public:
  Machine(const Architecture &architecture, DeviceMemory &memory, const Settings &settings);
  ~Machine();
  /// Runs launches that follow each other on one stream. What a launch cannot be (block too large, too much shared memory,
  /// cluster that does not divide the grid) is outOfResources; the driver checks the same things before.
  Outcome run(std::span<const Launch> launches);

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace skip::emulator
