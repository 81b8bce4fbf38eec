// Runs the work of a queue: kernels on the machine, copies and fills in its memory.
#include "emulator/driver/Graphs.h"
#include "emulator/driver/Report.h"
#include "emulator/driver/State.h"

#include <cstring>

namespace skip::driver {

using emulator::FaultKind;

/// What silicon, which checks less, would answer. Faults that it does not notice are failed launches here.
static constexpr std::pair<FaultKind, Result> kResultOfFault[] = {
    {FaultKind::outOfBounds, Result::illegalAddress},
    {FaultKind::useAfterFree, Result::illegalAddress},
    {FaultKind::misaligned, Result::misalignedAddress},
    {FaultKind::uninitialised, Result::launchFailed},
    {FaultKind::race, Result::launchFailed},
    {FaultKind::missingFence, Result::launchFailed},
    {FaultKind::missingWait, Result::launchFailed},
    {FaultKind::divergence, Result::launchFailed},
    {FaultKind::illegalTensorMap, Result::illegalInstruction},
    {FaultKind::illegalDescriptor, Result::illegalInstruction},
    {FaultKind::illegalBarrier, Result::illegalInstruction},
    {FaultKind::deadlock, Result::launchTimeout},
    {FaultKind::outOfResources, Result::launchOutOfResources},
    {FaultKind::illegalInstruction, Result::illegalInstruction},
    {FaultKind::trap, Result::launchFailed},
    {FaultKind::noEnd, Result::launchTimeout},
};

static Result resultOf(FaultKind kind) {
  for (auto [known, result] : kResultOfFault)
    if (known == kind)
      return result;
  return Result::launchFailed;
}

/// Kernels of which each may overlap with the one before it.
static void runKernels(ContextState &context, const std::vector<const KernelWork *> &works) {
  std::vector<emulator::Launch> launches;
  for (const KernelWork *work : works) {
    if (work->code->unloaded) {
      reportMisuse("unloaded", "kernel `" + work->name + "` is launched after its library was unloaded");
      context.error = Result::launchFailed;
      return;
    }
    launches.push_back(work->launch);
    launches.back().programmatic &= launches.size() > 1;
  }
  emulator::Outcome outcome = context.device.machine.run(launches);
  for (size_t i = 0; i < outcome.counters.size() && i < works.size(); ++i)
    reportKernel(works[i]->name, launches[i], outcome.counters[i]);
  if (outcome.fault) {
    reportFault(*outcome.fault);
    context.error = resultOf(outcome.fault->kind);
  }
}

/// That device memory which was checked when the call was made is still there.
static bool isThere(ContextState &context, uint64_t address, size_t bytes, const char *what) {
  emulator::DeviceMemory &memory = context.device.memory;
  if (memory.contains(address, bytes))
    return true;
  reportMisuse("copy", std::string("a ") + what + " of " + std::to_string(bytes) + " bytes at " + hex(address) +
                           " runs after the memory " + (memory.wasFreed(address) ? "was freed" : "went away"));
  context.error = Result::illegalAddress;
  return false;
}

static void run(ContextState &context, NoWork &) {}

static void run(ContextState &context, KernelWork &work) { runKernels(context, {&work}); }

static void run(ContextState &context, CopyWork &work) {
  if (work.bytes == 0)
    return;
  emulator::DeviceMemory &memory = context.device.memory;
  auto *to = reinterpret_cast<std::byte *>(work.to);
  auto *from = reinterpret_cast<const std::byte *>(work.from);
  bool toDevice = work.kind != CopyWork::Kind::toHost, fromDevice = work.kind != CopyWork::Kind::toDevice;
  if ((toDevice && !isThere(context, work.to, work.bytes, "copy")) ||
      (fromDevice && !isThere(context, work.from, work.bytes, "copy")))
    return;
  if (work.kind == CopyWork::Kind::toHost && !memory.isWritten(work.from, work.bytes))
    reportNote("uninitialised", "a copy to the host of " + std::to_string(work.bytes) + " bytes from " + hex(work.from) +
                                    " includes some that were never written");
  std::memmove(to, work.isStaged ? work.staged.data() : from, work.bytes);
  if (work.kind == CopyWork::Kind::toDevice)
    memory.markWritten(work.to, work.bytes);
  else if (work.kind == CopyWork::Kind::within)
    memory.copyShadow(work.to, work.from, work.bytes);
}

static void run(ContextState &context, FillWork &work) {
  size_t bytes = work.count * work.width;
  if (bytes == 0 || !isThere(context, work.to, bytes, "memset"))
    return;
  auto *to = reinterpret_cast<std::byte *>(work.to);
  if (work.width == 1)
    std::memset(to, static_cast<int>(work.value), work.count);
  else
    for (size_t i = 0; i < work.count; ++i)
      std::memcpy(to + i * sizeof work.value, &work.value, sizeof work.value);
  context.device.memory.markWritten(work.to, bytes);
}

namespace {
/// Marks the thread for as long as a function of the program runs, also if that throws.
struct HostFunctionMark {
  HostFunctionMark() { inHostFunction() = true; }
  ~HostFunctionMark() { inHostFunction() = false; }
};
} // namespace

static void run(ContextState &, HostWork &work) {
  HostFunctionMark mark;
  work.function(work.data);
}

static void run(ContextState &, EventWork &work) {
  if (EventState *event = state().events.find(work.event))
    event->time = std::chrono::steady_clock::now();
}

/// A node and the programmatic kernels that follow it without anything between.
static std::vector<Work *> chainFrom(std::vector<NodeState> &nodes, size_t first, std::vector<bool> &done) {
  std::vector<Work *> chain;
  for (size_t at = first;;) {
    chain.push_back(&nodes[at].work);
    done[at] = true;
    size_t next = nodes.size();
    for (size_t i = at + 1; i < nodes.size(); ++i)
      if (nodes[i].programmatic && nodes[i].after == std::vector{at})
        next = i;
    if (next == nodes.size())
      return chain;
    at = next;
  }
}

static void run(ContextState &context, GraphWork &work) {
  std::vector<NodeState> nodes = work.nodes->nodes; // works are run in place
  std::vector<bool> done(nodes.size());
  for (size_t left = nodes.size(); left > 0 && context.error == Result::success;) {
    std::vector<size_t> ready = readyNodes(nodes, done);
    size_t first = ready[context.random() % ready.size()];
    std::vector<Work *> chain = chainFrom(nodes, first, done);
    left -= chain.size();
    execute(context, chain);
  }
}

bool execute(ContextState &context, std::vector<Work *> &works) {
  if (context.error != Result::success)
    return false;
  if (works.size() == 1) {
    std::visit([&](auto &work) { run(context, work); }, *works.front());
  } else {
    std::vector<const KernelWork *> kernels;
    for (Work *work : works)
      kernels.push_back(&std::get<KernelWork>(*work));
    runKernels(context, kernels);
  }
  return context.error == Result::success;
}

} // namespace skip::driver
