// Opens the driver's library and fills the table of its entry points.
#include "runtime/cuda/Driver.h"

#include "runtime/Error.h"

#include <atomic>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern "C" {
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlerror
}

using namespace skip::runtime;

namespace skip::cuda {

static constexpr int leastVersion = 12000; // libraries and kernels without modules came with it
static constexpr const char *defaultLibrary = "libcuda.so.1";

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static std::atomic<bool> loaded{false};
static DriverFunctions functions;                         // constant once `loaded` is true
static thread_local Result lastFailure = Result::success; // whose words check wrote last

const DriverFunctions &driver() { return functions; }

static const char *libraryName() {
  const char *named = getenv("SKIP_CUDA_DRIVER");
  return named && *named ? named : defaultLibrary;
}

static skip_status openLibrary(const char *name, void *&library) {
  if (!dlopen || !dlsym || !dlerror)
    return fail(SKIP_NO_DEVICE, "this program has no dlopen, by which the CUDA driver is opened: link it dynamically, with a "
                                "glibc before 2.34 also with -ldl");
  library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (library)
    return SKIP_OK;
  const char *reason = dlerror();
  return fail(SKIP_NO_DEVICE,
              "no CUDA driver: %.2000s; install NVIDIA's driver for the GPU, or let SKIP_CUDA_DRIVER name the driver's library",
              reason ? reason : name);
}

/// Of a driver that was not asked for its entry points yet.
static skip_status checkVersion(const char *name, void *library) {
  auto getVersion = reinterpret_cast<decltype(functions.cuDriverGetVersion)>(dlsym(library, "cuDriverGetVersion"));
  if (!getVersion)
    return fail(SKIP_NO_DEVICE, "`%.1000s` is no CUDA driver: it has no cuDriverGetVersion", name);
  int version = 0;
  if (Result result = getVersion(&version); result != Result::success)
    return fail(SKIP_NO_DEVICE, "the CUDA driver `%.1000s` does not tell its version: cuDriverGetVersion answers %d", name,
                static_cast<int>(result));
  if (version < leastVersion)
    return fail(SKIP_NO_DEVICE,
                "the CUDA driver `%.1000s` is too old: it is one of CUDA %d.%d, and 12.0 is the least; install a driver of "
                "version 525 or later",
                name, version / 1000, version % 1000 / 10);
  return SKIP_OK;
}

using GetProcAddress = decltype(functions.cuGetProcAddress);

/// One entry point, by the version of its signature.
static skip_status find(GetProcAddress get, const char *library, const char *name, int since, void **function) {
  ProcAddressStatus status = ProcAddressStatus::success;
  Result result = get(name, function, since, kProcAddressDefault, &status);
  if (result == Result::success && *function)
    return SKIP_OK;
  return fail(SKIP_NO_DEVICE,
              "the CUDA driver `%.1000s` has no %s of CUDA %d.%d (cuGetProcAddress answers %d, status %d): install a newer "
              "driver",
              library, name, since / 1000, since % 1000 / 10, static_cast<int>(result), static_cast<int>(status));
}

static skip_status findAll(const char *library, void *handle, DriverFunctions &found) {
  auto get = reinterpret_cast<GetProcAddress>(dlsym(handle, "cuGetProcAddress_v2"));
  if (!get)
    return fail(SKIP_NO_DEVICE, "`%.1000s` is no CUDA driver: it has no cuGetProcAddress_v2", library);
#define SKIP_CUDA_ENTRY(name, symbol, since, parameters, arguments)                                                            \
  if (skip_status status = find(get, library, #name, since, reinterpret_cast<void **>(&found.name)); status != SKIP_OK)        \
    return status;
#include "runtime/cuda/DriverEntries.def"
  return SKIP_OK;
}

static skip_status start(DriverFunctions &found) {
  Result result = found.cuInit(0);
  if (result == Result::success)
    return SKIP_OK;
  functions.cuGetErrorName = found.cuGetErrorName; // for the words
  functions.cuGetErrorString = found.cuGetErrorString;
  char text[200];
  describe(result, text, sizeof text);
  return fail(SKIP_NO_DEVICE, "the CUDA driver does not start: cuInit: %s; is there a GPU, and may this process use it?", text);
}

static skip_status loadOnce() {
  const char *name = libraryName();
  void *library = nullptr;
  DriverFunctions found;
  skip_status status = openLibrary(name, library);
  if (status == SKIP_OK)
    status = checkVersion(name, library);
  if (status == SKIP_OK)
    status = findAll(name, library, found);
  if (status == SKIP_OK)
    status = start(found);
  if (status != SKIP_OK)
    return status; // the library stays open: a driver may have threads by now
  functions = found;
  loaded.store(true, std::memory_order_release);
  return SKIP_OK;
}

skip_status loadDriver() {
  if (loaded.load(std::memory_order_acquire))
    return SKIP_OK;
  pthread_mutex_lock(&loading);
  skip_status status = loaded.load(std::memory_order_relaxed) ? SKIP_OK : loadOnce();
  pthread_mutex_unlock(&loading);
  return status;
}

void describe(Result result, char *text, size_t bytes) {
  const char *name = nullptr, *words = nullptr;
  bool known = functions.cuGetErrorName && functions.cuGetErrorName(result, &name) == Result::success && name;
  if (!known)
    snprintf(text, bytes, "error %d", static_cast<int>(result));
  else if (functions.cuGetErrorString(result, &words) == Result::success && words)
    snprintf(text, bytes, "%s, %s", name, words);
  else
    snprintf(text, bytes, "%s", name);
}

skip_status check(Result result, const char *call) {
  if (result == Result::success)
    return SKIP_OK;
  lastFailure = result;
  char text[200];
  describe(result, text, sizeof text);
  return fail(result == Result::outOfMemory ? SKIP_OUT_OF_MEMORY : SKIP_DRIVER_ERROR, "%s: %s", call, text);
}

bool isFault(skip_status status) {
  if (status != SKIP_DRIVER_ERROR)
    return false;
  switch (lastFailure) {
  case Result::illegalAddress:
  case Result::launchTimeout:
  case Result::assertFailed:
  case Result::hardwareStackError:
  case Result::illegalInstruction:
  case Result::misalignedAddress:
  case Result::invalidAddressSpace:
  case Result::invalidPc:
  case Result::launchFailed:
    return true;
  default: // of an ECC error CUDA does not say it: what is asked next tells
    return false;
  }
}

skip_status afterFault(skip_status status, Device device) {
  if (!isFault(status))
    return status;
  return inContext(status, "device %d failed in an earlier run, after which this process cannot use it", device);
}

skip_status inContext(skip_status status, const char *format, ...) {
  char before[3000], where[300];
  snprintf(before, sizeof before, "%s", lastErrorText());
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(where, sizeof where, format, arguments);
  va_end(arguments);
  return failLines(status, "%s: %s", where, before);
}

} // namespace skip::cuda
