// Attributes of kernels, and how many blocks of them fit.
#include "emulator/driver/Code.h"
#include "emulator/driver/Entries.h"
#include "emulator/driver/Streams.h"

#include <algorithm>

namespace skip::driver::entry {

using emulator::KernelInfo;

static int clusterSide(const KernelInfo &info, uint32_t emulator::Dim3::*side) {
  return info.requiredCluster ? static_cast<int>((*info.requiredCluster).*side) : 0;
}

namespace {
struct Attribute {
  FunctionAttribute attribute;
  int (*value)(const KernelState &);
};
} // namespace

static constexpr Attribute kAttributes[] = {
    {FunctionAttribute::maxThreadsPerBlock, [](const KernelState &k) { return static_cast<int>(k.info().maxThreads); }},
    {FunctionAttribute::sharedSizeBytes, [](const KernelState &k) { return static_cast<int>(k.info().staticSharedBytes); }},
    {FunctionAttribute::constSizeBytes, [](const KernelState &) { return 0; }},
    {FunctionAttribute::localSizeBytes, [](const KernelState &k) { return static_cast<int>(k.info().localBytes); }},
    {FunctionAttribute::registerCount, [](const KernelState &) { return 0; }}, // an assembler would know
    {FunctionAttribute::ptxVersion, [](const KernelState &k) { return ptxVersion(k.code->ptx); }},
    {FunctionAttribute::binaryVersion,
     [](const KernelState &) { return 10 * state().knobs.architecture.major + state().knobs.architecture.minor; }},
    {FunctionAttribute::cacheModeCa, [](const KernelState &) { return 0; }},
    {FunctionAttribute::maxDynamicSharedSizeBytes, [](const KernelState &k) { return k.maxDynamicShared; }},
    {FunctionAttribute::preferredSharedMemoryCarveout, [](const KernelState &k) { return k.carveout; }},
    {FunctionAttribute::clusterSizeMustBeSet, [](const KernelState &) { return 0; }},
    {FunctionAttribute::requiredClusterWidth, [](const KernelState &k) { return clusterSide(k.info(), &emulator::Dim3::x); }},
    {FunctionAttribute::requiredClusterHeight, [](const KernelState &k) { return clusterSide(k.info(), &emulator::Dim3::y); }},
    {FunctionAttribute::requiredClusterDepth, [](const KernelState &k) { return clusterSide(k.info(), &emulator::Dim3::z); }},
    {FunctionAttribute::nonPortableClusterSizeAllowed, [](const KernelState &) { return 0; }},
    {FunctionAttribute::clusterSchedulingPolicyPreference, [](const KernelState &) { return 0; }},
};

static Result getAttribute(int *value, FunctionAttribute attribute, const KernelState *kernel) {
  if (!value)
    return Result::invalidValue;
  if (!kernel)
    return Result::invalidHandle;
  for (const Attribute &known : kAttributes)
    if (known.attribute == attribute) {
      *value = known.value(*kernel);
      return Result::success;
    }
  return Result::invalidValue;
}

static Result setMaxDynamicShared(KernelState &kernel, int value) {
  int most =
      static_cast<int>(state().knobs.architecture.sharedBytesPerBlockOptin) - static_cast<int>(kernel.info().staticSharedBytes);
  if (value < 0 || value > most)
    return refuse(Result::invalidValue, "kernel `" + kernel.info().name + "` is to have " + std::to_string(value) +
                                            " bytes of dynamic shared memory; there are at most " + std::to_string(most));
  kernel.maxDynamicShared = value;
  return Result::success;
}

static Result setAttribute(FunctionAttribute attribute, int value, KernelState *kernel) {
  if (!kernel)
    return Result::invalidHandle;
  switch (attribute) {
  case FunctionAttribute::maxDynamicSharedSizeBytes:
    return setMaxDynamicShared(*kernel, value);
  case FunctionAttribute::preferredSharedMemoryCarveout:
    if (value < -1 || value > 100)
      return Result::invalidValue;
    kernel->carveout = value;
    return Result::success;
  case FunctionAttribute::nonPortableClusterSizeAllowed:
    if (value != 0 && value != 1)
      return Result::invalidValue;
    return value == 0 ? Result::success : refuse(Result::notSupported, "clusters beyond the portable size are not modelled");
  case FunctionAttribute::clusterSizeMustBeSet:
  case FunctionAttribute::requiredClusterWidth:
  case FunctionAttribute::requiredClusterHeight:
  case FunctionAttribute::requiredClusterDepth:
  case FunctionAttribute::clusterSchedulingPolicyPreference:
    return Result::notSupported;
  default:
    return Result::invalidValue; // is asked for, never set
  }
}

Result cuKernelGetAttribute(int *value, FunctionAttribute attribute, Kernel kernel, Device device) {
  if (!findDevice(device))
    return Result::invalidDevice;
  return getAttribute(value, attribute, state().kernels.find(reinterpret_cast<Function>(kernel)));
}

Result cuKernelSetAttribute(FunctionAttribute attribute, int value, Kernel kernel, Device device) {
  if (!findDevice(device))
    return Result::invalidDevice;
  return setAttribute(attribute, value, state().kernels.find(reinterpret_cast<Function>(kernel)));
}

Result cuFuncGetAttribute(int *value, FunctionAttribute attribute, Function function) {
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  return getAttribute(value, attribute, state().kernels.find(function));
}

Result cuFuncSetAttribute(Function function, FunctionAttribute attribute, int value) {
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  return setAttribute(attribute, value, state().kernels.find(function));
}

/// Bounds by threads, blocks and shared memory. Registers are an assembler's to know.
Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, Function function, int threads, size_t sharedBytes) {
  if (!blocks || threads <= 0)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  KernelState *kernel = state().kernels.find(function);
  if (!kernel)
    return Result::invalidHandle;
  const emulator::Architecture &architecture = context->device.architecture;
  constexpr size_t kReserved = 1024; // of each block, for the system
  size_t shared = kernel->info().staticSharedBytes + sharedBytes;
  bool fits = static_cast<uint32_t>(threads) <= kernel->info().maxThreads &&
              sharedBytes <= static_cast<size_t>(kernel->maxDynamicShared);
  size_t byThreads = architecture.threadsPerMultiprocessor / ((static_cast<unsigned>(threads) + 31) / 32 * 32);
  size_t byShared = architecture.sharedBytesPerMultiprocessor / (shared + kReserved);
  *blocks = fits ? static_cast<int>(std::min({byThreads, byShared, size_t{architecture.blocksPerMultiprocessor}})) : 0;
  return Result::success;
}

} // namespace skip::driver::entry
