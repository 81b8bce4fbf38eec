// What a stream, or a node of a graph, is asked to do. All that a caller may change afterwards is copied.
#pragma once

#include "emulator/Machine.h"
#include "runtime/cuda/DriverApi.h"

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace skip::driver {

/// The PTX of a library, and its module on each device that it was needed on.
struct Code {
  std::string ptx;
  std::vector<std::unique_ptr<emulator::Module>> modules; // by the device's ordinal
  std::vector<emulator::KernelInfo> kernels;
  bool unloaded = false;
};

struct KernelWork {
  std::shared_ptr<Code> code; // keeps the module of `launch`
  emulator::Launch launch;
  std::string name;
};

struct CopyWork {
  enum class Kind : uint8_t { toDevice, toHost, within };
  Kind kind = Kind::toDevice;
  uint64_t to = 0, from = 0;
  size_t bytes = 0;
  std::vector<std::byte> staged = {}; // of pageable memory that is read when the call is made
  bool isStaged = false;
};

struct FillWork {
  uint64_t to = 0;
  uint32_t value = 0;
  size_t count = 0, width = 1; // elements, and bytes of each
};

struct HostWork {
  cuda::HostFunction function = nullptr;
  void *data = nullptr;
};

struct EventWork {
  cuda::Event event = nullptr;
};

struct GraphWork {
  std::shared_ptr<const struct GraphNodes> nodes;
};

struct NoWork {};

using Work = std::variant<NoWork, KernelWork, CopyWork, FillWork, HostWork, EventWork, GraphWork>;

struct NodeState {
  cuda::GraphNode handle = nullptr;
  Work work;
  std::vector<size_t> after; // earlier nodes of the graph
  bool programmatic = false; // a kernel that may start before the one kernel in front of it has ended
};

struct GraphNodes {
  std::vector<NodeState> nodes;
};

cuda::GraphNodeType typeOf(const Work &work);

} // namespace skip::driver
