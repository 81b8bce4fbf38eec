// Launches of kernels and of host functions.
#include "emulator/driver/Code.h"
#include "emulator/driver/Entries.h"
#include "emulator/driver/Launch.h"
#include "emulator/driver/Streams.h"

namespace skip::driver::entry {

static Result launch(StreamState &stream, KernelState &kernel, const LaunchShape &shape, void **params, void **extra) {
  DeviceState &device = stream.context->device;
  KernelWork work{kernel.code, {}, kernel.info().name};
  if (Refusal refusal = refusalOf(shape, kernel, device.architecture); refusal.result != Result::success)
    return refuse(refusal.result, refusal.why);
  if (Refusal refusal = readParams(kernel.info(), params, extra, work.launch.params); refusal.result != Result::success)
    return refuse(refusal.result, "kernel `" + work.name + "`: " + refusal.why);
  emulator::Module *module = nullptr;
  if (Result result = moduleOn(*kernel.code, device, module); result != Result::success)
    return result;
  work.launch.module = module;
  work.launch.kernel = kernel.index;
  work.launch.grid = shape.grid;
  work.launch.block = shape.block;
  if (shape.cluster.x != 0)
    work.launch.cluster = shape.cluster;
  else if (kernel.info().requiredCluster)
    work.launch.cluster = *kernel.info().requiredCluster;
  work.launch.dynamicSharedBytes = shape.dynamicSharedBytes;
  return enqueue(stream, std::move(work), {.programmatic = shape.programmatic});
}

static Result launchIn(Stream handle, Function function, const LaunchShape &shape, void **params, void **extra) {
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  KernelState *kernel = state().kernels.find(function);
  return kernel ? launch(*stream, *kernel, shape, params, extra) : Result::invalidHandle;
}

Result cuLaunchKernelEx(const LaunchConfig *config, Function function, void **params, void **extra) {
  if (!config)
    return Result::invalidValue;
  LaunchShape shape{.grid = {config->gridDimX, config->gridDimY, config->gridDimZ},
                    .block = {config->blockDimX, config->blockDimY, config->blockDimZ},
                    .cluster = {0, 0, 0},
                    .dynamicSharedBytes = config->sharedMemBytes};
  if (Refusal refusal = readAttributes(*config, shape); refusal.result != Result::success)
    return refuse(refusal.result, refusal.why);
  return launchIn(config->stream, function, shape, params, extra);
}

Result cuLaunchKernel(Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                      unsigned blockZ, unsigned sharedBytes, Stream stream, void **params, void **extra) {
  LaunchShape shape{.grid = {gridX, gridY, gridZ},
                    .block = {blockX, blockY, blockZ},
                    .cluster = {0, 0, 0},
                    .dynamicSharedBytes = sharedBytes};
  return launchIn(stream, function, shape, params, extra);
}

Result cuLaunchHostFunc(Stream handle, HostFunction function, void *data) {
  if (!function)
    return Result::invalidValue;
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  return enqueue(*stream, HostWork{function, data});
}

} // namespace skip::driver::entry
