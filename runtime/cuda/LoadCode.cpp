// Loads a target's code: the best one that the driver takes.
#include "runtime/cuda/LoadCode.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/cuda/Driver.h"

#include <stdio.h>
#include <string.h>

using namespace skip::runtime;

namespace skip::cuda {

/// Answers by which the driver says that it can do nothing with a code, while another one may do.
static bool isRefusal(Result result) {
  switch (result) {
  case Result::noBinaryForGpu:
  case Result::invalidImage:
  case Result::invalidPtx:
  case Result::unsupportedPtxVersion:
  case Result::jitCompilerNotFound:
  case Result::jitCompilationDisabled:
    return true;
  default:
    return false;
  }
}

namespace {
/// One of a target's codes, loaded. The driver may put off what is to be done to it until a kernel is asked for, and so refuse
/// it in any of these calls.
class Loading {
public:
  Loading(const SkipTargetImage &target, Opened &opened) : target(target), opened(opened) {}
  /// With the functions of all kernels; on a failure nothing stays loaded.
  skip_status load(const SkipCode &code);
  bool isRefused() const { return refused; }

private:
  skip_status note(Result result, const char *call) {
    refused |= isRefusal(result);
    return check(result, call);
  }
  skip_status loadText(const SkipCode &code);
  skip_status loadData(const SkipCode &code, const char *data);
  skip_status findFunctions();
  skip_status findFunction(const SkipCudaForm &form, Function &function);

  const SkipTargetImage &target;
  Opened &opened;
  bool refused = false;
};
} // namespace

skip_status Loading::loadData(const SkipCode &code, const char *data) {
  char log[2048] = "";
  JitOption options[] = {JitOption::errorLogBuffer, JitOption::errorLogBufferSizeBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
  Result result = driver().cuLibraryLoadData(&opened.library, data, options, values, 2, nullptr, nullptr, 0);
  skip_status status = note(result, "cuLibraryLoadData");
  log[sizeof log - 1] = '\0';
  if (status == SKIP_OK || log[0] == '\0')
    return status;
  char answer[300];
  snprintf(answer, sizeof answer, "%s", lastErrorText());
  return failLines(status, "%s\n%s", answer, log);
}

/// The driver wants a zero at the end of text.
skip_status Loading::loadText(const SkipCode &code) {
  const char *data = static_cast<const char *>(code.data);
  if (code.bytes > 0 && data[code.bytes - 1] == '\0')
    return loadData(code, data);
  Owned<char> ended(static_cast<char *>(calloc(code.bytes + 1, 1)));
  if (!ended)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for %llu bytes of code", static_cast<unsigned long long>(code.bytes));
  memcpy(ended.get(), data, code.bytes);
  return loadData(code, ended.get());
}

/// Room for dynamic shared memory, which the driver has to be asked for beyond 48 KB. Variants share kernels: the most counts.
static skip_status allowShared(const SkipCudaForm &form, Kernel handle, Device device) {
  if (form.sharedBytes == 0)
    return SKIP_OK;
  constexpr auto most = FunctionAttribute::maxDynamicSharedSizeBytes;
  int allowed = 0;
  skip_status status = SKIP_DRIVER(cuKernelGetAttribute, &allowed, most, handle, device);
  if (status != SKIP_OK || static_cast<uint32_t>(allowed) >= form.sharedBytes)
    return status;
  status = SKIP_DRIVER(cuKernelSetAttribute, most, static_cast<int>(form.sharedBytes), handle, device);
  return status == SKIP_OK ? SKIP_OK : inContext(status, "%u bytes of shared memory", form.sharedBytes);
}

skip_status Loading::findFunction(const SkipCudaForm &form, Function &function) {
  Kernel handle = nullptr;
  skip_status status = note(driver().cuLibraryGetKernel(&handle, opened.library, form.name), "cuLibraryGetKernel");
  if (status == SKIP_OK)
    status = allowShared(form, handle, opened.device);
  if (status == SKIP_OK)
    status = note(driver().cuKernelGetFunction(&function, handle), "cuKernelGetFunction");
  return status == SKIP_OK ? SKIP_OK : inContext(status, "kernel `%.200s`", form.name);
}

skip_status Loading::findFunctions() {
  Function *next = opened.functions;
  for (uint32_t i = 0; i < target.variantCount; ++i)
    for (uint32_t k = 0; k < target.variants[i].kernelCount; ++k)
      if (skip_status status = findFunction(formOf(target.variants[i], k, opened.column), *next++); status != SKIP_OK)
        return status;
  return SKIP_OK;
}

skip_status Loading::load(const SkipCode &code) {
  refused = false;
  opened.column = static_cast<SkipCudaColumn>(code.column);
  skip_status status = code.isText ? loadText(code) : loadData(code, static_cast<const char *>(code.data));
  if (status == SKIP_OK)
    status = findFunctions();
  if (status == SKIP_OK)
    return SKIP_OK;
  if (opened.library)
    driver().cuLibraryUnload(opened.library);
  opened.library = nullptr;
  return inContext(status, "%s for %s", code.isText ? "text" : "an object", nameOfBody(bodyOf(code)));
}

/// What error texts call a device.
struct DeviceName {
  explicit DeviceName(Device device) {
    if (driver().cuDeviceGetName(text, sizeof text, device) != Result::success)
      strcpy(text, "a GPU");
  }
  char text[128];
};

static skip_status noCode(const SkipModelImage &image, const SkipTargetImage &target, Device device,
                          Architecture architecture) {
  ErrorList list("device %d, %s, is %s, for which model `%s`'s library has no code; it has:", device, DeviceName(device).text,
                 architectureName(architecture), image.name);
  for (uint32_t i = 0; i < target.codeCount; ++i)
    list.add("%s, %s", nameOfBody(bodyOf(target.codes[i])), target.codes[i].isText ? "text" : "an object");
  return list.finish(SKIP_NO_DEVICE);
}

static const SkipCode *bestCode(const SkipTargetImage &target, Architecture architecture, const bool *excluded) {
  const SkipCode *best = nullptr;
  for (uint32_t i = 0; i < target.codeCount; ++i)
    if (!excluded[i] && runsOn(target.codes[i], architecture) && (!best || isBetter(target.codes[i], *best)))
      best = target.codes + i;
  return best;
}

skip_status loadBest(skip_model &model, Architecture architecture, Opened &opened) {
  const SkipTargetImage &target = *model.target;
  Owned<bool> refused(static_cast<bool *>(calloc(size_t{target.codeCount} + 1, sizeof(bool))));
  if (!refused)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a model");
  Loading loading(target, opened);
  skip_status status = SKIP_OK;
  for (;;) {
    const SkipCode *code = bestCode(target, architecture, refused.get());
    if (!code)
      return status != SKIP_OK ? status : noCode(*model.image, target, opened.device, architecture);
    status = loading.load(*code);
    if (!loading.isRefused()) {
      model.body = bodyOf(*code);
      return status;
    }
    refused[static_cast<size_t>(code - target.codes)] = true;
  }
}

} // namespace skip::cuda
