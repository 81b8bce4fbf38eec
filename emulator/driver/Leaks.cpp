#include "emulator/driver/Leaks.h"

#include "emulator/driver/Report.h"

#include <unistd.h>

namespace skip::driver {

static void addBytes(const std::map<uint64_t, size_t> &ranges, const char *what) {
  for (auto [address, bytes] : ranges)
    state().leaks.push_back(std::to_string(bytes) + " bytes of " + what + " at " + hex(address) + " were not freed");
}

/// How many objects of a table belong to the context.
template <class Table> static size_t countOf(const Table &table, const ContextState &context) {
  size_t count = 0;
  for (auto &[key, object] : table)
    count += object->context == &context;
  return count;
}

static void addCount(size_t count, const char *what) {
  if (count > 0)
    state().leaks.push_back(std::to_string(count) + " " + what + (count == 1 ? " was" : "s were") + " not destroyed");
}

void rememberLeaks(const ContextState &context) {
  addBytes(context.allocations, "device memory");
  addBytes(context.hostAllocations, "pinned memory");
  addCount(countOf(state().streams, context), "stream");
  addCount(countOf(state().events, context), "event");
  addCount(countOf(state().modules, context), "module");
  addCount(countOf(state().execs, context), "executable graph");
  if (!context.queue.empty())
    state().leaks.push_back(std::to_string(context.queue.size()) + " operations were never waited for, and did not run");
}

static void rememberRest() {
  for (auto &[key, context] : state().contexts) {
    rememberLeaks(*context);
    state().leaks.push_back(context->device.primary == context->handle ? "a primary context was not released"
                                                                       : "a context was not destroyed");
  }
  if (size_t count = state().libraries.size())
    state().leaks.push_back(std::to_string(count) + (count == 1 ? " library was" : " libraries were") + " not unloaded");
  addCount(state().graphs.size(), "graph");
}

void tellLeaks() {
  rememberRest();
  for (const std::string &leak : state().leaks)
    reportMisuse("leak", "leak: " + leak);
  if (!state().leaks.empty() && state().knobs.leaks == Leaks::fail) {
    std::fflush(nullptr);
    _exit(kLeakStatus);
  }
}

} // namespace skip::driver
