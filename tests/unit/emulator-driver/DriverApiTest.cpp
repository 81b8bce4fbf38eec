// Skip's own declarations of the driver API against CUDA's, where those are found: each value, layout and signature.
#include "runtime/cuda/DriverApi.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <set>
#include <string>

#if __has_include(<cuda.h>) && __has_include(<cudaTypedefs.h>)
#include <cuda.h>
#include <cudaTypedefs.h>

#include <type_traits>

/// Whether values of both types travel alike: as pointers, floating-point numbers, structures or integers of one size.
template <class A, class B>
constexpr bool alike = sizeof(A) == sizeof(B) && std::is_pointer_v<A> == std::is_pointer_v<B> &&
                       std::is_floating_point_v<A> == std::is_floating_point_v<B> && std::is_class_v<A> == std::is_class_v<B>;

template <class A, class B> struct SameCall : std::false_type {};
template <class... A, class... B> struct SameCall<skip::cuda::Result (*)(A...), CUresult (*)(B...)> {
  static constexpr bool value = [] {
    if constexpr (sizeof...(A) == sizeof...(B))
      return (alike<A, B> && ...);
    else
      return false;
  }();
};

namespace skip::cuda {
#define SKIP_CUDA_ENTRY(name, symbol, since, parameters, arguments)                                                            \
  static_assert(SameCall<Result(*) parameters, PFN_##name##_v##since>::value, #symbol);
#define SKIP_CUDA_EXTRA(name, symbol, since, parameters, arguments)                                                            \
  static_assert(SameCall<Result(*) parameters, PFN_##name##_v##since>::value, #symbol);
#include "runtime/cuda/DriverEntries.def"

#define SKIP_CUDA_RESULT(enumerator, value, name, text) static_assert(value == name);
#include "runtime/cuda/DriverResults.def"

template <class A, class B> constexpr bool equal(A a, B b) { return static_cast<int64_t>(a) == static_cast<int64_t>(b); }
#define SAME(ours, theirs) static_assert(equal(ours, theirs))
#define ATTRIBUTE(ours, theirs) SAME(DeviceAttribute::ours, CU_DEVICE_ATTRIBUTE_##theirs)
ATTRIBUTE(maxThreadsPerBlock, MAX_THREADS_PER_BLOCK);
ATTRIBUTE(maxBlockDimX, MAX_BLOCK_DIM_X);
ATTRIBUTE(maxBlockDimY, MAX_BLOCK_DIM_Y);
ATTRIBUTE(maxBlockDimZ, MAX_BLOCK_DIM_Z);
ATTRIBUTE(maxGridDimX, MAX_GRID_DIM_X);
ATTRIBUTE(maxGridDimY, MAX_GRID_DIM_Y);
ATTRIBUTE(maxGridDimZ, MAX_GRID_DIM_Z);
ATTRIBUTE(maxSharedMemoryPerBlock, MAX_SHARED_MEMORY_PER_BLOCK);
ATTRIBUTE(totalConstantMemory, TOTAL_CONSTANT_MEMORY);
ATTRIBUTE(warpSize, WARP_SIZE);
ATTRIBUTE(maxRegistersPerBlock, MAX_REGISTERS_PER_BLOCK);
ATTRIBUTE(clockRate, CLOCK_RATE);
ATTRIBUTE(multiprocessorCount, MULTIPROCESSOR_COUNT);
ATTRIBUTE(kernelExecTimeout, KERNEL_EXEC_TIMEOUT);
ATTRIBUTE(integrated, INTEGRATED);
ATTRIBUTE(canMapHostMemory, CAN_MAP_HOST_MEMORY);
ATTRIBUTE(computeMode, COMPUTE_MODE);
ATTRIBUTE(concurrentKernels, CONCURRENT_KERNELS);
ATTRIBUTE(eccEnabled, ECC_ENABLED);
ATTRIBUTE(pciBusId, PCI_BUS_ID);
ATTRIBUTE(pciDeviceId, PCI_DEVICE_ID);
ATTRIBUTE(memoryClockRate, MEMORY_CLOCK_RATE);
ATTRIBUTE(globalMemoryBusWidth, GLOBAL_MEMORY_BUS_WIDTH);
ATTRIBUTE(l2CacheSize, L2_CACHE_SIZE);
ATTRIBUTE(maxThreadsPerMultiprocessor, MAX_THREADS_PER_MULTIPROCESSOR);
ATTRIBUTE(asyncEngineCount, ASYNC_ENGINE_COUNT);
ATTRIBUTE(unifiedAddressing, UNIFIED_ADDRESSING);
ATTRIBUTE(pciDomainId, PCI_DOMAIN_ID);
ATTRIBUTE(computeCapabilityMajor, COMPUTE_CAPABILITY_MAJOR);
ATTRIBUTE(computeCapabilityMinor, COMPUTE_CAPABILITY_MINOR);
ATTRIBUTE(streamPrioritiesSupported, STREAM_PRIORITIES_SUPPORTED);
ATTRIBUTE(maxSharedMemoryPerMultiprocessor, MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
ATTRIBUTE(maxRegistersPerMultiprocessor, MAX_REGISTERS_PER_MULTIPROCESSOR);
ATTRIBUTE(managedMemory, MANAGED_MEMORY);
ATTRIBUTE(computePreemptionSupported, COMPUTE_PREEMPTION_SUPPORTED);
ATTRIBUTE(cooperativeLaunch, COOPERATIVE_LAUNCH);
ATTRIBUTE(maxSharedMemoryPerBlockOptin, MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
ATTRIBUTE(maxBlocksPerMultiprocessor, MAX_BLOCKS_PER_MULTIPROCESSOR);
ATTRIBUTE(maxPersistingL2CacheSize, MAX_PERSISTING_L2_CACHE_SIZE);
ATTRIBUTE(reservedSharedMemoryPerBlock, RESERVED_SHARED_MEMORY_PER_BLOCK);
ATTRIBUTE(memoryPoolsSupported, MEMORY_POOLS_SUPPORTED);
ATTRIBUTE(clusterLaunch, CLUSTER_LAUNCH);
ATTRIBUTE(tensorMapAccessSupported, TENSOR_MAP_ACCESS_SUPPORTED);
ATTRIBUTE(unifiedFunctionPointers, UNIFIED_FUNCTION_POINTERS);
ATTRIBUTE(multicastSupported, MULTICAST_SUPPORTED);

#define OF_FUNCTION(ours, theirs) SAME(FunctionAttribute::ours, CU_FUNC_ATTRIBUTE_##theirs)
OF_FUNCTION(maxThreadsPerBlock, MAX_THREADS_PER_BLOCK);
OF_FUNCTION(sharedSizeBytes, SHARED_SIZE_BYTES);
OF_FUNCTION(constSizeBytes, CONST_SIZE_BYTES);
OF_FUNCTION(localSizeBytes, LOCAL_SIZE_BYTES);
OF_FUNCTION(registerCount, NUM_REGS);
OF_FUNCTION(ptxVersion, PTX_VERSION);
OF_FUNCTION(binaryVersion, BINARY_VERSION);
OF_FUNCTION(cacheModeCa, CACHE_MODE_CA);
OF_FUNCTION(maxDynamicSharedSizeBytes, MAX_DYNAMIC_SHARED_SIZE_BYTES);
OF_FUNCTION(preferredSharedMemoryCarveout, PREFERRED_SHARED_MEMORY_CARVEOUT);
OF_FUNCTION(clusterSizeMustBeSet, CLUSTER_SIZE_MUST_BE_SET);
OF_FUNCTION(requiredClusterWidth, REQUIRED_CLUSTER_WIDTH);
OF_FUNCTION(requiredClusterHeight, REQUIRED_CLUSTER_HEIGHT);
OF_FUNCTION(requiredClusterDepth, REQUIRED_CLUSTER_DEPTH);
OF_FUNCTION(nonPortableClusterSizeAllowed, NON_PORTABLE_CLUSTER_SIZE_ALLOWED);
OF_FUNCTION(clusterSchedulingPolicyPreference, CLUSTER_SCHEDULING_POLICY_PREFERENCE);

#define OF_POINTER(ours, theirs) SAME(PointerAttribute::ours, CU_POINTER_ATTRIBUTE_##theirs)
OF_POINTER(context, CONTEXT);
OF_POINTER(memoryType, MEMORY_TYPE);
OF_POINTER(devicePointer, DEVICE_POINTER);
OF_POINTER(hostPointer, HOST_POINTER);
OF_POINTER(bufferId, BUFFER_ID);
OF_POINTER(isManaged, IS_MANAGED);
OF_POINTER(deviceOrdinal, DEVICE_ORDINAL);
OF_POINTER(rangeStartAddress, RANGE_START_ADDR);
OF_POINTER(rangeSize, RANGE_SIZE);
OF_POINTER(mapped, MAPPED);
SAME(MemoryType::host, CU_MEMORYTYPE_HOST);
SAME(MemoryType::device, CU_MEMORYTYPE_DEVICE);
SAME(MemoryType::array, CU_MEMORYTYPE_ARRAY);
SAME(MemoryType::unified, CU_MEMORYTYPE_UNIFIED);

#define OF_JIT(ours, theirs) SAME(JitOption::ours, CU_JIT_##theirs)
OF_JIT(maxRegisters, MAX_REGISTERS);
OF_JIT(threadsPerBlock, THREADS_PER_BLOCK);
OF_JIT(wallTime, WALL_TIME);
OF_JIT(infoLogBuffer, INFO_LOG_BUFFER);
OF_JIT(infoLogBufferSizeBytes, INFO_LOG_BUFFER_SIZE_BYTES);
OF_JIT(errorLogBuffer, ERROR_LOG_BUFFER);
OF_JIT(errorLogBufferSizeBytes, ERROR_LOG_BUFFER_SIZE_BYTES);
OF_JIT(optimizationLevel, OPTIMIZATION_LEVEL);
OF_JIT(targetFromContext, TARGET_FROM_CUCONTEXT);
OF_JIT(target, TARGET);
OF_JIT(fallbackStrategy, FALLBACK_STRATEGY);
OF_JIT(generateDebugInfo, GENERATE_DEBUG_INFO);
OF_JIT(logVerbose, LOG_VERBOSE);
OF_JIT(generateLineInfo, GENERATE_LINE_INFO);
OF_JIT(cacheMode, CACHE_MODE);
SAME(LibraryOption::hostUniversalFunctionAndDataTable, CU_LIBRARY_HOST_UNIVERSAL_FUNCTION_AND_DATA_TABLE);
SAME(LibraryOption::binaryIsPreserved, CU_LIBRARY_BINARY_IS_PRESERVED);

SAME(ProcAddressStatus::success, CU_GET_PROC_ADDRESS_SUCCESS);
SAME(ProcAddressStatus::symbolNotFound, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
SAME(ProcAddressStatus::versionNotSufficient, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
SAME(kProcAddressDefault, CU_GET_PROC_ADDRESS_DEFAULT);
SAME(kProcAddressLegacyStream, CU_GET_PROC_ADDRESS_LEGACY_STREAM);
SAME(kProcAddressPerThreadStream, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM);
SAME(kStreamDefault, CU_STREAM_DEFAULT);
SAME(kStreamNonBlocking, CU_STREAM_NON_BLOCKING);
SAME(kEventDefault, CU_EVENT_DEFAULT);
SAME(kEventBlockingSync, CU_EVENT_BLOCKING_SYNC);
SAME(kEventDisableTiming, CU_EVENT_DISABLE_TIMING);
SAME(kEventInterprocess, CU_EVENT_INTERPROCESS);
SAME(kHostAllocPortable, CU_MEMHOSTALLOC_PORTABLE);
SAME(kHostAllocDeviceMap, CU_MEMHOSTALLOC_DEVICEMAP);
SAME(kHostAllocWriteCombined, CU_MEMHOSTALLOC_WRITECOMBINED);
SAME(kInstantiateAutoFree, CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH);
SAME(kInstantiateUpload, CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD);
SAME(kInstantiateDeviceLaunch, CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH);
SAME(kInstantiateNodePriority, CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY);
SAME(CaptureMode::global, CU_STREAM_CAPTURE_MODE_GLOBAL);
SAME(CaptureMode::threadLocal, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
SAME(CaptureMode::relaxed, CU_STREAM_CAPTURE_MODE_RELAXED);
SAME(CaptureStatus::none, CU_STREAM_CAPTURE_STATUS_NONE);
SAME(CaptureStatus::active, CU_STREAM_CAPTURE_STATUS_ACTIVE);
SAME(CaptureStatus::invalidated, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
SAME(GraphNodeType::kernel, CU_GRAPH_NODE_TYPE_KERNEL);
SAME(GraphNodeType::memcpy, CU_GRAPH_NODE_TYPE_MEMCPY);
SAME(GraphNodeType::memset, CU_GRAPH_NODE_TYPE_MEMSET);
SAME(GraphNodeType::host, CU_GRAPH_NODE_TYPE_HOST);
SAME(GraphNodeType::graph, CU_GRAPH_NODE_TYPE_GRAPH);
SAME(GraphNodeType::empty, CU_GRAPH_NODE_TYPE_EMPTY);
SAME(GraphNodeType::waitEvent, CU_GRAPH_NODE_TYPE_WAIT_EVENT);
SAME(GraphNodeType::eventRecord, CU_GRAPH_NODE_TYPE_EVENT_RECORD);

#define OF_LAUNCH(ours, theirs) SAME(LaunchAttributeId::ours, CU_LAUNCH_ATTRIBUTE_##theirs)
OF_LAUNCH(ignore, IGNORE);
OF_LAUNCH(accessPolicyWindow, ACCESS_POLICY_WINDOW);
OF_LAUNCH(cooperative, COOPERATIVE);
OF_LAUNCH(synchronizationPolicy, SYNCHRONIZATION_POLICY);
OF_LAUNCH(clusterDimension, CLUSTER_DIMENSION);
OF_LAUNCH(clusterSchedulingPolicyPreference, CLUSTER_SCHEDULING_POLICY_PREFERENCE);
OF_LAUNCH(programmaticStreamSerialization, PROGRAMMATIC_STREAM_SERIALIZATION);
OF_LAUNCH(programmaticEvent, PROGRAMMATIC_EVENT);
OF_LAUNCH(priority, PRIORITY);

#define OF_TYPE(ours, theirs) SAME(TensorMapType::ours, CU_TENSOR_MAP_DATA_TYPE_##theirs)
OF_TYPE(uint8, UINT8);
OF_TYPE(uint16, UINT16);
OF_TYPE(uint32, UINT32);
OF_TYPE(int32, INT32);
OF_TYPE(uint64, UINT64);
OF_TYPE(int64, INT64);
OF_TYPE(float16, FLOAT16);
OF_TYPE(float32, FLOAT32);
OF_TYPE(float64, FLOAT64);
OF_TYPE(bfloat16, BFLOAT16);
OF_TYPE(float32Ftz, FLOAT32_FTZ);
OF_TYPE(tfloat32, TFLOAT32);
OF_TYPE(tfloat32Ftz, TFLOAT32_FTZ);
SAME(TensorMapInterleave::none, CU_TENSOR_MAP_INTERLEAVE_NONE);
SAME(TensorMapInterleave::b16, CU_TENSOR_MAP_INTERLEAVE_16B);
SAME(TensorMapInterleave::b32, CU_TENSOR_MAP_INTERLEAVE_32B);
SAME(TensorMapSwizzle::none, CU_TENSOR_MAP_SWIZZLE_NONE);
SAME(TensorMapSwizzle::b32, CU_TENSOR_MAP_SWIZZLE_32B);
SAME(TensorMapSwizzle::b64, CU_TENSOR_MAP_SWIZZLE_64B);
SAME(TensorMapSwizzle::b128, CU_TENSOR_MAP_SWIZZLE_128B);
SAME(TensorMapPromotion::none, CU_TENSOR_MAP_L2_PROMOTION_NONE);
SAME(TensorMapPromotion::b64, CU_TENSOR_MAP_L2_PROMOTION_L2_64B);
SAME(TensorMapPromotion::b128, CU_TENSOR_MAP_L2_PROMOTION_L2_128B);
SAME(TensorMapPromotion::b256, CU_TENSOR_MAP_L2_PROMOTION_L2_256B);
SAME(TensorMapFill::none, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
SAME(TensorMapFill::nanRequestZeroFma, CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA);
#if CUDA_VERSION >= 12080
OF_TYPE(packed16U4Align8, 16U4_ALIGN8B);
OF_TYPE(packed16U4Align16, 16U4_ALIGN16B);
OF_TYPE(packed16U6Align16, 16U6_ALIGN16B);
SAME(TensorMapSwizzle::b128Atom32, CU_TENSOR_MAP_SWIZZLE_128B_ATOM_32B);
SAME(TensorMapSwizzle::b128Atom32Flip8, CU_TENSOR_MAP_SWIZZLE_128B_ATOM_32B_FLIP_8B);
SAME(TensorMapSwizzle::b128Atom64, CU_TENSOR_MAP_SWIZZLE_128B_ATOM_64B);
#endif

static_assert(sizeof(Uuid) == sizeof(CUuuid));
static_assert(sizeof(TensorMap) == sizeof(CUtensorMap));
static_assert(sizeof(LaunchAttributeValue) == sizeof(CUlaunchAttributeValue));
static_assert(offsetof(LaunchAttribute, value) == offsetof(CUlaunchAttribute, value) &&
              sizeof(LaunchAttribute) == sizeof(CUlaunchAttribute));
static_assert(sizeof(LaunchConfig) == sizeof(CUlaunchConfig));
static_assert(offsetof(LaunchConfig, blockDimX) == offsetof(CUlaunchConfig, blockDimX));
static_assert(offsetof(LaunchConfig, sharedMemBytes) == offsetof(CUlaunchConfig, sharedMemBytes));
static_assert(offsetof(LaunchConfig, stream) == offsetof(CUlaunchConfig, hStream));
static_assert(offsetof(LaunchConfig, attributes) == offsetof(CUlaunchConfig, attrs));
static_assert(offsetof(LaunchConfig, attributeCount) == offsetof(CUlaunchConfig, numAttrs));
static_assert(sizeof(KernelNodeParams) == sizeof(CUDA_KERNEL_NODE_PARAMS));
static_assert(offsetof(KernelNodeParams, sharedMemBytes) == offsetof(CUDA_KERNEL_NODE_PARAMS, sharedMemBytes));
static_assert(offsetof(KernelNodeParams, kernelParams) == offsetof(CUDA_KERNEL_NODE_PARAMS, kernelParams));
static_assert(offsetof(KernelNodeParams, kernel) == offsetof(CUDA_KERNEL_NODE_PARAMS, kern));
static_assert(offsetof(KernelNodeParams, context) == offsetof(CUDA_KERNEL_NODE_PARAMS, ctx));
} // namespace skip::cuda

TEST_CASE("driver api: what are no constants has CUDA's values too") {
  CHECK(reinterpret_cast<CUstream>(skip::cuda::kLegacyStream) == CU_STREAM_LEGACY);
  CHECK(skip::cuda::kParamBufferPointer == CU_LAUNCH_PARAM_BUFFER_POINTER);
  CHECK(skip::cuda::kParamBufferSize == CU_LAUNCH_PARAM_BUFFER_SIZE);
  CHECK(skip::cuda::kParamEnd == CU_LAUNCH_PARAM_END);
}
#endif

TEST_CASE("driver api: each name and each symbol is listed once") {
  std::set<std::string> names, symbols;
#define SKIP_CUDA_ENTRY(name, symbol, since, parameters, arguments)                                                            \
  CHECK(names.insert(#name).second);                                                                                           \
  CHECK(symbols.insert(#symbol).second);
#define SKIP_CUDA_EXTRA(name, symbol, since, parameters, arguments) CHECK(symbols.insert(#symbol).second);
#include "runtime/cuda/DriverEntries.def"
  CHECK(names.size() * sizeof(void *) == sizeof(skip::cuda::DriverFunctions));
}
