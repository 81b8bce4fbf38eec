// The CUDA driver API as far as Skip uses it: types, values and layouts, declared here so that neither the runtime nor its
// users need CUDA's headers. Where cuda.h is found, a test compares every value, layout and signature with it.
//
// Handles are pointers to types that only the driver knows. A device address is a number. Enumerations have the size of an int.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace skip::cuda {

enum class Result : int32_t {
#define SKIP_CUDA_RESULT(enumerator, value, name, text) enumerator = value,
#include "runtime/cuda/DriverResults.def"
};

using Device = int32_t;
using DeviceAddress = uint64_t;
using Context = struct ContextObject *;
using Module = struct ModuleObject *;
using Function = struct FunctionObject *;
using Library = struct LibraryObject *;
using Kernel = struct KernelObject *;
using Stream = struct StreamObject *;
using Event = struct EventObject *;
using Graph = struct GraphObject *;
using GraphNode = struct GraphNodeObject *;
using GraphExec = struct GraphExecObject *;
using HostFunction = void (*)(void *);

/// The stream that a null handle names too. All blocking streams of its context are ordered with it.
inline const Stream kLegacyStream = reinterpret_cast<Stream>(1);

struct Uuid {
  char bytes[16];
};

enum class DeviceAttribute : int32_t {
  maxThreadsPerBlock = 1,
  maxBlockDimX = 2,
  maxBlockDimY = 3,
  maxBlockDimZ = 4,
  maxGridDimX = 5,
  maxGridDimY = 6,
  maxGridDimZ = 7,
  maxSharedMemoryPerBlock = 8,
  totalConstantMemory = 9,
  warpSize = 10,
  maxRegistersPerBlock = 12,
  clockRate = 13, // kHz
  multiprocessorCount = 16,
  kernelExecTimeout = 17,
  integrated = 18,
  canMapHostMemory = 19,
  computeMode = 20,
  concurrentKernels = 31,
  eccEnabled = 32,
  pciBusId = 33,
  pciDeviceId = 34,
  memoryClockRate = 36,      // kHz
  globalMemoryBusWidth = 37, // bits
  l2CacheSize = 38,
  maxThreadsPerMultiprocessor = 39,
  asyncEngineCount = 40,
  unifiedAddressing = 41,
  pciDomainId = 50,
  computeCapabilityMajor = 75,
  computeCapabilityMinor = 76,
  streamPrioritiesSupported = 78,
  maxSharedMemoryPerMultiprocessor = 81,
  maxRegistersPerMultiprocessor = 82,
  managedMemory = 83,
  computePreemptionSupported = 90,
  cooperativeLaunch = 95,
  maxSharedMemoryPerBlockOptin = 97,
  maxBlocksPerMultiprocessor = 106,
  maxPersistingL2CacheSize = 108,
  reservedSharedMemoryPerBlock = 111,
  memoryPoolsSupported = 115,
  clusterLaunch = 120,
  tensorMapAccessSupported = 127,
  unifiedFunctionPointers = 129,
  multicastSupported = 132,
};

enum class FunctionAttribute : int32_t {
  maxThreadsPerBlock = 0,
  sharedSizeBytes = 1, // static
  constSizeBytes = 2,
  localSizeBytes = 3,
  registerCount = 4,
  ptxVersion = 5,
  binaryVersion = 6,
  cacheModeCa = 7,
  maxDynamicSharedSizeBytes = 8,
  preferredSharedMemoryCarveout = 9,
  clusterSizeMustBeSet = 10,
  requiredClusterWidth = 11,
  requiredClusterHeight = 12,
  requiredClusterDepth = 13,
  nonPortableClusterSizeAllowed = 14,
  clusterSchedulingPolicyPreference = 15,
};

enum class PointerAttribute : int32_t {
  context = 1,
  memoryType = 2,
  devicePointer = 3,
  hostPointer = 4,
  bufferId = 7,
  isManaged = 8,
  deviceOrdinal = 9,
  rangeStartAddress = 11,
  rangeSize = 12,
  mapped = 13,
};
enum class MemoryType : int32_t { host = 1, device = 2, array = 3, unified = 4 };

enum class JitOption : int32_t {
  maxRegisters = 0,
  threadsPerBlock = 1,
  wallTime = 2,
  infoLogBuffer = 3,
  infoLogBufferSizeBytes = 4,
  errorLogBuffer = 5,
  errorLogBufferSizeBytes = 6,
  optimizationLevel = 7,
  targetFromContext = 8,
  target = 9,
  fallbackStrategy = 10,
  generateDebugInfo = 11,
  logVerbose = 12,
  generateLineInfo = 13,
  cacheMode = 14,
};
enum class LibraryOption : int32_t { hostUniversalFunctionAndDataTable = 0, binaryIsPreserved = 1 };

enum class ProcAddressStatus : int32_t { success = 0, symbolNotFound = 1, versionNotSufficient = 2 };
inline constexpr uint64_t kProcAddressDefault = 0, kProcAddressLegacyStream = 1, kProcAddressPerThreadStream = 2;

inline constexpr unsigned kStreamDefault = 0, kStreamNonBlocking = 1;
inline constexpr unsigned kEventDefault = 0, kEventBlockingSync = 1, kEventDisableTiming = 2, kEventInterprocess = 4;
inline constexpr unsigned kHostAllocPortable = 1, kHostAllocDeviceMap = 2, kHostAllocWriteCombined = 4;
inline constexpr uint64_t kInstantiateAutoFree = 1, kInstantiateUpload = 2, kInstantiateDeviceLaunch = 4,
                          kInstantiateNodePriority = 8;

enum class CaptureMode : int32_t { global = 0, threadLocal = 1, relaxed = 2 };
enum class CaptureStatus : int32_t { none = 0, active = 1, invalidated = 2 };
enum class GraphNodeType : int32_t {
  kernel = 0,
  memcpy = 1,
  memset = 2,
  host = 3,
  graph = 4,
  empty = 5,
  waitEvent = 6,
  eventRecord = 7
};

enum class LaunchAttributeId : int32_t {
  ignore = 0,
  accessPolicyWindow = 1,
  cooperative = 2,
  synchronizationPolicy = 3,
  clusterDimension = 4,
  clusterSchedulingPolicyPreference = 5,
  programmaticStreamSerialization = 6,
  programmaticEvent = 7,
  priority = 8,
};

union LaunchAttributeValue {
  char pad[64];
  int cooperative;
  struct {
    unsigned x, y, z;
  } clusterDim;
  int clusterSchedulingPolicyPreference;
  int programmaticStreamSerializationAllowed;
  struct {
    Event event;
    int flags, triggerAtBlockStart;
  } programmaticEvent;
  int priority;
};

struct LaunchAttribute {
  LaunchAttributeId id;
  char pad[8 - sizeof(LaunchAttributeId)];
  LaunchAttributeValue value;
};

struct LaunchConfig {
  unsigned gridDimX, gridDimY, gridDimZ;
  unsigned blockDimX, blockDimY, blockDimZ;
  unsigned sharedMemBytes;
  Stream stream;
  LaunchAttribute *attributes;
  unsigned attributeCount;
};

/// Of launches that give their arguments as one buffer: {kParamBufferPointer, buffer, kParamBufferSize, &bytes, kParamEnd}.
inline void *const kParamEnd = nullptr;
inline void *const kParamBufferPointer = reinterpret_cast<void *>(1);
inline void *const kParamBufferSize = reinterpret_cast<void *>(2);

struct KernelNodeParams {
  Function function;
  unsigned gridDimX, gridDimY, gridDimZ;
  unsigned blockDimX, blockDimY, blockDimZ;
  unsigned sharedMemBytes;
  void **kernelParams;
  void **extra;
  Kernel kernel;
  Context context;
};

/// Opaque, 64 bytes aligned, as a kernel's argument too.
struct alignas(64) TensorMap {
  uint64_t opaque[16];
};

enum class TensorMapType : int32_t {
  uint8 = 0,
  uint16 = 1,
  uint32 = 2,
  int32 = 3,
  uint64 = 4,
  int64 = 5,
  float16 = 6,
  float32 = 7,
  float64 = 8,
  bfloat16 = 9,
  float32Ftz = 10,
  tfloat32 = 11,
  tfloat32Ftz = 12,
  packed16U4Align8 = 13,
  packed16U4Align16 = 14,
  packed16U6Align16 = 15,
};
enum class TensorMapInterleave : int32_t { none = 0, b16 = 1, b32 = 2 };
enum class TensorMapSwizzle : int32_t {
  none = 0,
  b32 = 1,
  b64 = 2,
  b128 = 3,
  b128Atom32 = 4,
  b128Atom32Flip8 = 5,
  b128Atom64 = 6
};
enum class TensorMapPromotion : int32_t { none = 0, b64 = 1, b128 = 2, b256 = 3 };
enum class TensorMapFill : int32_t { none = 0, nanRequestZeroFma = 1 };

struct ContextCreateParams {
  void *execAffinityParams;
  int execAffinityCount;
  void *cigParams;
};

/// The entry points that Skip's runtime asks cuGetProcAddress for, each by its name and the version whose signature it is.
struct DriverFunctions {
#define SKIP_CUDA_ENTRY(name, symbol, since, parameters, arguments) Result(*name) parameters = nullptr;
#include "runtime/cuda/DriverEntries.def"
};

} // namespace skip::cuda
