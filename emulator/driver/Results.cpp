// The results by name, and what an entry point answers when it is told to fail.
#include "emulator/driver/Entries.h"

namespace skip::driver {

using cuda::Result;

namespace {
struct Named {
  Result result;
  const char *name, *text;
};
} // namespace

static constexpr Named kResults[] = {
#define SKIP_CUDA_RESULT(enumerator, value, name, text) {Result::enumerator, #name, text},
#include "runtime/cuda/DriverResults.def"
};

static const Named *find(Result result) {
  for (const Named &named : kResults)
    if (named.result == result)
      return &named;
  return nullptr;
}

const char *nameOf(Result result) {
  const Named *named = find(result);
  return named ? named->name : nullptr;
}

const char *textOf(Result result) {
  const Named *named = find(result);
  return named ? named->text : nullptr;
}

bool resultNamed(std::string_view name, Result &result) {
  for (const Named &named : kResults)
    if (name == named.name) {
      result = named.result;
      return true;
    }
  return false;
}

static constexpr std::pair<std::string_view, Result> kDefaultFailures[] = {
    {"cuInit", Result::noDevice},
    {"cuGetProcAddress", Result::notSupported},
    {"cuCtxCreate", Result::outOfMemory},
    {"cuDevicePrimaryCtxRetain", Result::outOfMemory},
    {"cuMemAlloc", Result::outOfMemory},
    {"cuMemHostAlloc", Result::outOfMemory},
    {"cuLibraryLoadData", Result::outOfMemory},
    {"cuLibraryGetKernel", Result::notFound},
    {"cuLibraryGetGlobal", Result::notFound},
    {"cuModuleLoadData", Result::outOfMemory},
    {"cuModuleLoadDataEx", Result::outOfMemory},
    {"cuModuleGetFunction", Result::notFound},
    {"cuModuleGetGlobal", Result::notFound},
    {"cuKernelSetAttribute", Result::invalidValue},
    {"cuFuncSetAttribute", Result::invalidValue},
    {"cuLaunchKernel", Result::launchOutOfResources},
    {"cuLaunchKernelEx", Result::launchOutOfResources},
    {"cuStreamCreate", Result::outOfMemory},
    {"cuStreamCreateWithPriority", Result::outOfMemory},
    {"cuStreamBeginCapture", Result::captureUnsupported},
    {"cuStreamEndCapture", Result::captureInvalidated},
    {"cuEventCreate", Result::outOfMemory},
    {"cuGraphInstantiateWithFlags", Result::outOfMemory},
    {"cuTensorMapEncodeTiled", Result::invalidValue},
    {"cuTensorMapEncodeIm2col", Result::invalidValue},
    {"cuStreamSynchronize", Result::launchFailed},
    {"cuCtxSynchronize", Result::launchFailed},
    {"cuEventSynchronize", Result::launchFailed},
};

Result defaultFailure(std::string_view name) {
  for (auto [entry, result] : kDefaultFailures)
    if (entry == name)
      return result;
  return Result::unknown;
}

} // namespace skip::driver
