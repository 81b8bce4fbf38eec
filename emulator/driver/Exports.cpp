// The exported functions, made from DriverEntries.def, and the table of them.
#include "emulator/driver/Entries.h"
#include "emulator/driver/State.h"
#include "emulator/driver/Trace.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

extern "C" char **environ;

namespace skip::driver {

// What may be called before cuInit.
static constexpr std::string_view kBeforeInit[] = {"cuInit", "cuDriverGetVersion", "cuGetProcAddress", "cuGetErrorName",
                                                   "cuGetErrorString"};

static void openFile(File &file, const std::string &path, const char *variable) {
  if (path.empty())
    return;
  file.file = std::fopen(path.c_str(), "ae");
  if (!file.file)
    state().knobError = std::string(variable) + " names `" + path + "`, which cannot be written: " + std::strerror(errno);
}

/// At the first call of all: later changes of the environment count for nothing.
static void readEnvironment() {
  DriverState &driver = state();
  if (driver.parsed)
    return;
  driver.parsed = true;
  auto parsed = parseKnobs(environ);
  if (auto *error = std::get_if<std::string>(&parsed)) {
    driver.knobError = *error;
  } else {
    driver.knobs = std::get<Knobs>(parsed);
    openFile(driver.trace, driver.knobs.trace, "SKIP_EMULATOR_TRACE");
    openFile(driver.report, driver.knobs.report, "SKIP_EMULATOR_REPORT");
  }
  if (!driver.knobError.empty())
    tell(driver.knobError);
}

/// What is answered instead of doing anything: success if the call is to be made.
static Result before(std::string_view name) {
  DriverState &driver = state();
  readEnvironment();
  bool early = std::find(std::begin(kBeforeInit), std::end(kBeforeInit), name) != std::end(kBeforeInit);
  if (driver.ended && !early)
    return Result::deinitialized;
  uint64_t call = ++driver.calls[name];
  auto [first, last] = driver.knobs.failures.equal_range(name);
  for (; first != last; ++first)
    if (first->second.call == call)
      return first->second.result;
  return driver.initialized || early ? Result::success : Result::notInitialized;
}

bool isTraced() { return state().trace.file != nullptr; }

void traceLine(const char *name, const std::string &arguments, Result result) {
  const char *text = nameOf(result);
  std::fprintf(state().trace.file, "%s(%s) = %s\n", name, arguments.c_str(),
               text ? text : std::to_string(static_cast<int>(result)).c_str());
  std::fflush(state().trace.file);
}

/// Nothing is thrown at callers, which may be written in C.
template <class Call> static Result withoutThrowing(const char *name, Call call) {
  try {
    return call();
  } catch (const std::bad_alloc &) {
    return Result::outOfMemory;
  } catch (const std::exception &error) {
    tell(std::string(name) + " failed inside of the emulator: " + error.what());
    return Result::unknown;
  }
}

template <class... Args> static Result call(const char *name, Result (*function)(Args...), std::type_identity_t<Args>... args) {
  if (inHostFunction()) { // this thread holds the lock
    trace(name, Result::notPermitted, args...);
    return Result::notPermitted;
  }
  std::lock_guard guard(state().lock);
  Result result = before(name);
  if (result == Result::success)
    result = withoutThrowing(name, [&] { return function(args...); });
  trace(name, result, args...);
  return result;
}

template <class... Args> static Result callWith(const char *name, Result (*function)(Args...), std::tuple<Args...> args) {
  return std::apply([&](Args... each) { return call(name, function, each...); }, args);
}

} // namespace skip::driver

#define SKIP_EXPORT(name, symbol, since, parameters, arguments)                                                                \
  extern "C" __attribute__((visibility("default"))) Result symbol parameters {                                                 \
    return skip::driver::callWith(#name, &skip::driver::entry::symbol, std::tuple arguments);                                  \
  }
#define SKIP_CUDA_ENTRY SKIP_EXPORT
#define SKIP_CUDA_EXTRA SKIP_EXPORT
namespace exported {
using namespace skip::cuda;
#include "runtime/cuda/DriverEntries.def"
} // namespace exported

namespace skip::driver {

#define SKIP_ROW(name, symbol, since, parameters, arguments)                                                                   \
  {#name, #symbol, since, reinterpret_cast<void *>(&::exported::symbol)},
#define SKIP_CUDA_ENTRY SKIP_ROW
#define SKIP_CUDA_EXTRA SKIP_ROW
static const Entry kEntries[] = {
#include "runtime/cuda/DriverEntries.def"
};

std::span<const Entry> entries() { return kEntries; }

bool isEntryName(std::string_view name) {
  return std::any_of(std::begin(kEntries), std::end(kEntries), [&](const Entry &entry) { return name == entry.name; });
}

const Entry *findEntry(std::string_view name, int version, bool &known) {
  const Entry *found = nullptr;
  known = false;
  for (const Entry &entry : kEntries) {
    if (name != entry.name)
      continue;
    known = true;
    if (entry.since <= version && entry.since <= state().knobs.driverVersion && (!found || entry.since > found->since))
      found = &entry;
  }
  return found;
}

} // namespace skip::driver
