// The start: what is called before anything else.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Leaks.h"
#include "emulator/driver/Report.h"

#include <cstdlib>

namespace skip::driver {

static void atEnd() {
  std::lock_guard guard(state().lock);
  if (state().initialized && !state().ended)
    tellLeaks();
  state().ended = true;
}

/// The machine is compiled for these: its lanes are vectors.
static bool canRunHere() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

namespace entry {

Result cuInit(unsigned flags) {
  if (flags != 0)
    return Result::invalidValue;
  DriverState &driver = state();
  if (!driver.knobError.empty())
    return Result::systemNotReady; // the reason was told
  if (!canRunHere()) {
    tell("this CPU has no AVX2, FMA or BMI2, which the emulator needs");
    return Result::systemNotReady;
  }
  if (driver.knobs.devices == 0)
    return Result::noDevice;
  if (driver.initialized)
    return Result::success;
  for (int i = 0; i < driver.knobs.devices; ++i)
    driver.devices.push_back(std::make_unique<DeviceState>(driver.knobs, i));
  driver.initialized = true;
  std::atexit(atEnd); // of the process, or when the library is closed
  return Result::success;
}

Result cuDriverGetVersion(int *version) {
  if (!version)
    return Result::invalidValue;
  *version = state().knobs.driverVersion;
  return Result::success;
}

Result cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, ProcAddressStatus *status) {
  constexpr uint64_t kKnown = kProcAddressLegacyStream | kProcAddressPerThreadStream;
  if (!name || !function || version <= 0 || (flags & ~kKnown) || flags == kKnown)
    return Result::invalidValue;
  *function = nullptr;
  if (version > state().knobs.driverVersion)
    return Result::invalidValue;
  if (flags & kProcAddressPerThreadStream)
    return Result::notSupported;
  bool known = false;
  const Entry *found = findEntry(name, version, known);
  if (found)
    *function = found->exported;
  else
    reportNote("no entry",
               std::string(name) + " of version " + std::to_string(version) + " was asked for and is not answered here");
  if (status)
    *status = found   ? ProcAddressStatus::success
              : known ? ProcAddressStatus::versionNotSufficient
                      : ProcAddressStatus::symbolNotFound;
  return Result::success;
}

Result cuGetProcAddress(const char *name, void **function, int version, uint64_t flags) {
  return cuGetProcAddress_v2(name, function, version, flags, nullptr);
}

Result cuGetErrorName(Result result, const char **name) {
  if (!name)
    return Result::invalidValue;
  *name = nameOf(result);
  return *name ? Result::success : Result::invalidValue;
}

Result cuGetErrorString(Result result, const char **text) {
  if (!text)
    return Result::invalidValue;
  *text = textOf(result);
  return *text ? Result::success : Result::invalidValue;
}

} // namespace entry
} // namespace skip::driver
