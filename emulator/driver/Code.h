// PTX on its way from a caller to a module, and the kernels in it.
#pragma once

#include "emulator/driver/State.h"

#include <string_view>

namespace skip::driver {

/// Options of the just-in-time compiler: only where errors go matters here.
struct JitOptions {
  const JitOption *options = nullptr;
  void **values = nullptr;
  unsigned count = 0;
};

/// Loads an image for the device of `context`, or for the first one. The JIT's error log is filled, with nothing on success.
Result loadCode(const void *image, const JitOptions &options, ContextState *context, std::shared_ptr<Code> &code);

/// The module of the code on a device; loaded when it is first asked for.
Result moduleOn(Code &code, DeviceState &device, emulator::Module *&module);

/// The kernel of that name, with a handle of its own that stays.
Result findKernel(std::map<std::string, Function, std::less<>> &kernels, const std::shared_ptr<Code> &code, const char *name,
                  Function &function);

/// The newest PTX that a driver knows, as 10 * major + minor.
int newestPtx(int driverVersion);
/// That of the `.version` directive; 0 if there is none.
int ptxVersion(std::string_view ptx);

} // namespace skip::driver
