#include "runtime/cuda/Current.h"

namespace skip::cuda {

skip_status Current::enter() {
  if (skip_status status = SKIP_DRIVER(cuCtxPushCurrent, context); status != SKIP_OK)
    return status;
  entered = true;
  skip_status status = SKIP_DRIVER(cuThreadExchangeStreamCaptureMode, &mode);
  relaxed = status == SKIP_OK;
  return status == SKIP_OK ? SKIP_OK : leave(status);
}

bool Current::enterToGiveBack() {
  for (int i = 0; i < 2 && !entered; ++i)
    entered = driver().cuCtxPushCurrent(context) == Result::success;
  relaxed = entered && driver().cuThreadExchangeStreamCaptureMode(&mode) == Result::success;
  return entered;
}

skip_status Current::leave(skip_status status) {
  if (relaxed) {
    relaxed = false;
    Result result = driver().cuThreadExchangeStreamCaptureMode(&mode);
    if (status == SKIP_OK)
      status = check(result, "cuThreadExchangeStreamCaptureMode");
  }
  if (entered) {
    entered = false;
    Context popped = nullptr;
    Result result = driver().cuCtxPopCurrent(&popped);
    if (status == SKIP_OK)
      status = check(result, "cuCtxPopCurrent");
  }
  return status;
}

} // namespace skip::cuda
