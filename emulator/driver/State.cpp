#include "emulator/driver/State.h"

#include "emulator/driver/Leaks.h"

namespace skip::driver {

static DriverState *&instance() {
  static DriverState *driver = new DriverState;
  return driver;
}

DriverState &state() { return *instance(); }

void restart(Knobs knobs) {
  DriverState *old = instance();
  instance() = new DriverState;
  delete old;
  contextStack().clear();
  threadCaptureMode() = CaptureMode::global;
  state().knobs = std::move(knobs);
  state().parsed = true;
}

std::vector<Context> &contextStack() {
  static thread_local std::vector<Context> stack;
  return stack;
}

CaptureMode &threadCaptureMode() {
  static thread_local CaptureMode mode = CaptureMode::global;
  return mode;
}

bool &inHostFunction() {
  static thread_local bool inside = false;
  return inside;
}

Result currentContext(ContextState *&context) {
  if (contextStack().empty() || !contextStack().back())
    return Result::invalidContext;
  context = state().contexts.find(contextStack().back());
  if (!context)
    return Result::contextIsDestroyed;
  return context->error;
}

Result findStream(Stream handle, StreamState *&stream) {
  if (handle == nullptr || handle == kLegacyStream) {
    ContextState *context = nullptr;
    Result result = currentContext(context);
    if (result == Result::success)
      stream = &context->legacy;
    return result;
  }
  if (contextStack().empty())
    return Result::invalidContext;
  stream = state().streams.find(handle);
  return stream ? stream->context->error : Result::invalidHandle;
}

DeviceState *findDevice(Device device) {
  auto &devices = state().devices;
  return device >= 0 && static_cast<size_t>(device) < devices.size() ? devices[static_cast<size_t>(device)].get() : nullptr;
}

} // namespace skip::driver
