#include "runtime/cuda/DeviceWeights.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/cuda/Current.h"

#include <pthread.h>

using namespace skip::runtime;

namespace skip::cuda {

/// Held while the list of any weights object changes, uploads included: a second context is to wait for a copy, not to make
/// one.
static pthread_mutex_t uploading = PTHREAD_MUTEX_INITIALIZER;

namespace {
class Lock {
public:
  Lock() { pthread_mutex_lock(&uploading); }
  ~Lock() { pthread_mutex_unlock(&uploading); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;
};
} // namespace

static void freeCopy(DeviceWeights *copy) {
  if (copy->context) {
    Current current(copy->context);
    if (copy->address && current.enterToGiveBack())
      driver().cuMemFree(copy->address);
    current.leave();
    driver().cuDevicePrimaryCtxRelease(copy->device);
  }
  destroy(copy);
}

static skip_status upload(const skip_weights &weights, Stream stream, DeviceWeights &copy) {
  uint64_t bytes = weights.target->weightsBytes;
  skip_status status = SKIP_DRIVER(cuMemAlloc, &copy.address, bytes);
  if (status != SKIP_OK)
    return inContext(status, "no memory on device %d for %llu bytes of weights", copy.device,
                     static_cast<unsigned long long>(bytes));
  status = SKIP_DRIVER(cuMemcpyHtoDAsync, copy.address, weights.segment, bytes, stream);
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuStreamSynchronize, stream);
  return status == SKIP_OK ? SKIP_OK : inContext(status, "upload of the weights");
}

static skip_status makeCopy(const skip_weights &weights, const Opened &opened, Stream stream, DeviceWeights *&made) {
  DeviceWeights *copy = create<DeviceWeights>();
  if (!copy)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for weights on a device");
  copy->device = opened.device;
  skip_status status = SKIP_DRIVER(cuDevicePrimaryCtxRetain, &copy->context, opened.device);
  if (status == SKIP_OK)
    status = upload(weights, stream, *copy);
  if (status != SKIP_OK) {
    freeCopy(copy);
    return status;
  }
  made = copy;
  return SKIP_OK;
}

skip_status holdWeights(const skip_weights &weights, const Opened &opened, Stream stream, DeviceWeights *&held) {
  Lock lock;
  DeviceWeights *first = static_cast<DeviceWeights *>(weights.uploads);
  for (DeviceWeights *copy = first; copy; copy = copy->next)
    if (copy->device == opened.device) {
      ++copy->holders;
      held = copy;
      return SKIP_OK;
    }
  DeviceWeights *made = nullptr;
  if (skip_status status = makeCopy(weights, opened, stream, made); status != SKIP_OK)
    return status;
  made->next = first;
  made->holders = 2; // the weights object and the caller
  weights.uploads = held = made;
  return SKIP_OK;
}

static void drop(DeviceWeights *held) {
  if (--held->holders == 0)
    freeCopy(held);
}

void dropWeights(DeviceWeights *held) {
  Lock lock;
  if (held)
    drop(held);
}

void releaseWeights(skip_weights &weights) {
  Lock lock;
  DeviceWeights *copy = static_cast<DeviceWeights *>(weights.uploads);
  weights.uploads = nullptr;
  while (copy) {
    DeviceWeights *next = copy->next;
    drop(copy);
    copy = next;
  }
}

} // namespace skip::cuda
