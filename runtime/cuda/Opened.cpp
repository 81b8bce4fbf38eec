// Opens a device for a model: the driver, the device's context, the best code that loads there.
#include "runtime/cuda/Opened.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/cuda/Body.h"
#include "runtime/cuda/Current.h"
#include "runtime/cuda/LoadCode.h"

using namespace skip::runtime;

namespace skip::cuda {

static skip_status findDevice(int32_t wanted, Device &device) {
  int count = 0;
  if (skip_status status = SKIP_DRIVER(cuDeviceGetCount, &count); status != SKIP_OK)
    return status;
  if (count == 0)
    return fail(SKIP_NO_DEVICE, "the CUDA driver counts no device: is CUDA_VISIBLE_DEVICES set?");
  if (wanted < 0 || wanted >= count)
    return fail(SKIP_INVALID_ARGUMENT, "model_create_for: asked for device %d, the CUDA driver counts %d, from 0", wanted,
                count);
  return SKIP_DRIVER(cuDeviceGet, &device, wanted);
}

static skip_status findArchitecture(Device device, Architecture &architecture) {
  int major = 0, minor = 0;
  if (skip_status status = SKIP_DRIVER(cuDeviceGetAttribute, &major, DeviceAttribute::computeCapabilityMajor, device);
      status != SKIP_OK)
    return status;
  if (skip_status status = SKIP_DRIVER(cuDeviceGetAttribute, &minor, DeviceAttribute::computeCapabilityMinor, device);
      status != SKIP_OK)
    return status;
  architecture = static_cast<Architecture>(10 * major + minor);
  return SKIP_OK;
}

static skip_status checkImage(const SkipModelImage &image) {
  if (image.inputCount + image.outputCount <= SKIP_MOST_CUDA_PORTS)
    return SKIP_OK;
  return fail(SKIP_INVALID_ARGUMENT,
              "model `%s` has %u inputs and %u outputs, target cuda can have %d: a defect of the compiler", image.name,
              image.inputCount, image.outputCount, SKIP_MOST_CUDA_PORTS);
}

static skip_status makeRoom(const SkipTargetImage &target, Opened &opened) {
  size_t count = 1;
  for (uint32_t i = 0; i < target.variantCount; ++i)
    count += target.variants[i].kernelCount;
  opened.functions = static_cast<Function *>(calloc(count, sizeof(Function)));
  return opened.functions ? SKIP_OK : fail(SKIP_OUT_OF_MEMORY, "no memory for a model");
}

static skip_status openDevice(skip_model &model, int32_t wanted, Opened &opened) {
  constexpr int firstWithEarlyNodes = 12030; // before, a graph could not have them
  Architecture architecture = 0;
  int version = 0;
  skip_status status = findDevice(wanted, opened.device);
  if (status == SKIP_OK)
    status = findArchitecture(opened.device, architecture);
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuDriverGetVersion, &version);
  opened.launchesEarly = version >= firstWithEarlyNodes;
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuDevicePrimaryCtxRetain, &opened.context, opened.device);
  if (status != SKIP_OK)
    return status;
  Current current(opened.context);
  if (status = current.enter(); status == SKIP_OK)
    status = loadBest(model, architecture, opened);
  return current.leave(status);
}

skip_status open(skip_model &model, int32_t device) {
  if (skip_status status = checkImage(*model.image); status != SKIP_OK)
    return status;
  if (skip_status status = loadDriver(); status != SKIP_OK)
    return status;
  Opened *opened = create<Opened>();
  model.opened = opened;
  if (!opened)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a model");
  skip_status status = makeRoom(*model.target, *opened);
  if (status == SKIP_OK)
    status = openDevice(model, device, *opened);
  if (status == SKIP_OK)
    return SKIP_OK;
  status = afterFault(status, opened->device);
  close(model);
  return status;
}

void close(skip_model &model) {
  Opened *opened = static_cast<Opened *>(model.opened);
  if (!opened)
    return;
  if (opened->library)
    driver().cuLibraryUnload(opened->library);
  if (opened->context)
    driver().cuDevicePrimaryCtxRelease(opened->device);
  free(opened->functions);
  destroy(opened);
  model.opened = nullptr;
}

} // namespace skip::cuda
