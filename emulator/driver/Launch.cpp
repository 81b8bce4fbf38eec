#include "emulator/driver/Launch.h"

#include <cstring>

namespace skip::driver {

using emulator::Architecture;
using emulator::Dim3;

static std::string textOf(const Dim3 &dim) {
  return "(" + std::to_string(dim.x) + ", " + std::to_string(dim.y) + ", " + std::to_string(dim.z) + ")";
}

static uint64_t volume(const Dim3 &dim) { return uint64_t{dim.x} * dim.y * dim.z; }
static bool within(const Dim3 &dim, const Dim3 &most) {
  return dim.x >= 1 && dim.y >= 1 && dim.z >= 1 && dim.x <= most.x && dim.y <= most.y && dim.z <= most.z;
}
static bool equal(const Dim3 &a, const Dim3 &b) { return a.x == b.x && a.y == b.y && a.z == b.z; }

static constexpr Dim3 kMostBlocks{0x7fffffff, 65535, 65535}, kMostThreads{1024, 1024, 64};

namespace {
struct Launch {
  const LaunchShape &shape;
  const KernelState &kernel;
  const Architecture &architecture;
  Dim3 cluster; // given, or the kernel's own, or (1, 1, 1)
};
} // namespace

static Refusal checkGrid(const Launch &launch) {
  if (within(launch.shape.grid, kMostBlocks))
    return {};
  return {Result::invalidValue,
          "the grid is " + textOf(launch.shape.grid) + ", from (1, 1, 1) to " + textOf(kMostBlocks) + " are possible"};
}

static Refusal checkBlock(const Launch &launch) {
  const Dim3 &block = launch.shape.block;
  if (!within(block, kMostThreads) || volume(block) > 1024)
    return {Result::invalidValue, "the block is " + textOf(block) + ", from (1, 1, 1) to " + textOf(kMostThreads) +
                                      " with at most 1024 threads are possible"};
  const auto &required = launch.kernel.info().requiredBlock;
  if (required && !equal(*required, block))
    return {Result::invalidValue, "the block is " + textOf(block) + ", the kernel's .reqntid " + textOf(*required)};
  if (volume(block) > launch.kernel.info().maxThreads)
    return {Result::launchOutOfResources, "the block has " + std::to_string(volume(block)) +
                                              " threads, the kernel's .maxntid allows " +
                                              std::to_string(launch.kernel.info().maxThreads)};
  return {};
}

static Refusal checkShared(const Launch &launch) {
  if (launch.shape.dynamicSharedBytes <= static_cast<uint32_t>(launch.kernel.maxDynamicShared))
    return {};
  return {Result::invalidValue, "the launch wants " + std::to_string(launch.shape.dynamicSharedBytes) +
                                    " bytes of dynamic shared memory, " + std::to_string(launch.kernel.maxDynamicShared) +
                                    " are allowed (raise MAX_DYNAMIC_SHARED_SIZE_BYTES of the kernel)"};
}

static Refusal checkCluster(const Launch &launch) {
  const auto &required = launch.kernel.info().requiredCluster;
  bool given = volume(launch.shape.cluster) != 0;
  if (given && launch.architecture.major < 9)
    return {Result::notSupported, "there are no clusters before sm_90"};
  if (given && required && !equal(*required, launch.shape.cluster))
    return {Result::invalidClusterSize,
            "the cluster is " + textOf(launch.shape.cluster) + ", the kernel's .reqnctapercluster " + textOf(*required)};
  uint64_t most = launch.architecture.clusterBlocks;
  if (volume(launch.cluster) > most)
    return {Result::invalidClusterSize, "the cluster has " + std::to_string(volume(launch.cluster)) + " blocks, at most " +
                                            std::to_string(most) + " are possible"};
  const Dim3 &grid = launch.shape.grid;
  if (grid.x % launch.cluster.x || grid.y % launch.cluster.y || grid.z % launch.cluster.z)
    return {Result::invalidClusterSize, "the cluster " + textOf(launch.cluster) + " does not divide the grid " + textOf(grid)};
  return {};
}

static Refusal checkModes(const Launch &launch) {
  if (launch.shape.programmatic && launch.architecture.major < 9)
    return {Result::notSupported, "programmatic stream serialization needs sm_90"};
  if (launch.shape.cooperative)
    return {Result::notSupported, "cooperative launches are not modelled"};
  return {};
}

Refusal refusalOf(const LaunchShape &shape, const KernelState &kernel, const Architecture &architecture) {
  Launch launch{shape, kernel, architecture, {1, 1, 1}};
  if (volume(shape.cluster) != 0)
    launch.cluster = shape.cluster;
  else if (kernel.info().requiredCluster)
    launch.cluster = *kernel.info().requiredCluster;
  for (auto check : {checkGrid, checkBlock, checkShared, checkCluster, checkModes})
    if (Refusal refusal = check(launch); refusal.result != Result::success) {
      refusal.why = "kernel `" + kernel.info().name + "`: " + refusal.why;
      return refusal;
    }
  return {};
}

static Refusal readAttribute(const LaunchAttribute &attribute, LaunchShape &shape) {
  switch (attribute.id) {
  case LaunchAttributeId::ignore:
  case LaunchAttributeId::accessPolicyWindow: // of caches and schedules, which are not modelled
  case LaunchAttributeId::synchronizationPolicy:
  case LaunchAttributeId::clusterSchedulingPolicyPreference:
  case LaunchAttributeId::priority:
    return {};
  case LaunchAttributeId::cooperative:
    shape.cooperative = attribute.value.cooperative != 0;
    return {};
  case LaunchAttributeId::clusterDimension:
    shape.cluster = {attribute.value.clusterDim.x, attribute.value.clusterDim.y, attribute.value.clusterDim.z};
    if (volume(shape.cluster) == 0)
      return {Result::invalidClusterSize, "the cluster is " + textOf(shape.cluster)};
    return {};
  case LaunchAttributeId::programmaticStreamSerialization:
    shape.programmatic = attribute.value.programmaticStreamSerializationAllowed != 0;
    return {};
  default:
    return {Result::notSupported, "launch attribute " + std::to_string(static_cast<int>(attribute.id)) + " is not modelled"};
  }
}

Refusal readAttributes(const LaunchConfig &config, LaunchShape &shape) {
  if (config.attributeCount > 0 && !config.attributes)
    return {Result::invalidValue, "the launch has " + std::to_string(config.attributeCount) + " attributes at address 0"};
  for (unsigned i = 0; i < config.attributeCount; ++i)
    if (Refusal refusal = readAttribute(config.attributes[i], shape); refusal.result != Result::success)
      return refusal;
  return {};
}

static Refusal readBuffer(const emulator::KernelInfo &kernel, void **extra, std::vector<std::byte> &bytes) {
  const void *buffer = nullptr;
  size_t size = 0;
  for (; *extra != kParamEnd; extra += 2) {
    if (*extra == kParamBufferPointer)
      buffer = extra[1];
    else if (*extra == kParamBufferSize)
      size = *static_cast<const size_t *>(extra[1]);
    else
      return {Result::invalidValue, "`extra` holds something that is neither a buffer nor its size"};
  }
  if (!buffer || size != kernel.paramBytes)
    return {Result::invalidValue, "`extra` has a buffer of " + std::to_string(size) + " bytes, the kernel's parameters take " +
                                      std::to_string(kernel.paramBytes)};
  std::memcpy(bytes.data(), buffer, size);
  return {};
}

Refusal readParams(const emulator::KernelInfo &kernel, void **params, void **extra, std::vector<std::byte> &bytes) {
  bytes.assign(kernel.paramBytes, std::byte{0});
  if (params && extra)
    return {Result::invalidValue, "arguments are given in both ways, as pointers and as a buffer"};
  if (extra)
    return readBuffer(kernel, extra, bytes);
  if (!params && !kernel.params.empty())
    return {Result::invalidValue,
            "no arguments are given, the kernel has " + std::to_string(kernel.params.size()) + " parameters"};
  for (size_t i = 0; i < kernel.params.size(); ++i) {
    if (!params[i])
      return {Result::invalidValue, "argument " + std::to_string(i) + " is at address 0"};
    std::memcpy(bytes.data() + kernel.params[i].offset, params[i], kernel.params[i].bytes);
  }
  return {};
}

} // namespace skip::driver
