// Each candidate is right before any is timed. Then all get a place in memory in turns: noise comes in waves, and one that
// lasts hits all alike.
#include "tools/skip-time/Measure.h"

#include "tools/skip-time/Candidate.h"
#include "tools/skip-time/Error.h"

#include "support/SystemError.h"
#include "tools/tuning/FileHash.h"

#include <cerrno>
#include <filesystem>
#include <optional>

using namespace skip;
using timing::Candidate;
using timing::DeviceFailed;
using timing::Entry;
using timing::Error;
using timing::Measured;

namespace {
struct Loaded {
  const Entry *entry;
  std::unique_ptr<Candidate> candidate;
};
} // namespace

/// To load a library that was cut short may end the process (SIGBUS), so whether it is whole is known first.
static void requireWhole(const std::string &path, const Entry &entry) {
  std::error_code code;
  uint64_t bytes = std::filesystem::file_size(path, code);
  if (code)
    throw Error(describeSystemError("read", path, code.value()));
  std::string again = "; copy the folder again from where it was compiled";
  if (bytes != entry.bytes)
    throw Error("it was cut short or changed: it has " + std::to_string(bytes) + " bytes, and the manifest says " +
                std::to_string(entry.bytes) + again);
  std::optional<std::string> hash = tuning::hashOfFile(path);
  if (!hash)
    throw Error(describeSystemError("read", path, errno));
  if (*hash != entry.hash)
    throw Error("it was changed: its hash is " + *hash + ", and the manifest says " + entry.hash + again);
}

std::vector<Measured> timing::measure(std::span<const Entry> entries, const Settings &settings, Gpu &gpu) {
  Problem problem(entries.front().problem);
  std::vector<Loaded> loaded;
  for (const Entry &entry : entries)
    loaded.push_back({&entry, nullptr});
  auto withEach = [&](auto work) { // and without those that fail
    std::erase_if(loaded, [&](Loaded &each) {
      try {
        work(each);
        return false;
      } catch (const Error &error) {
        settings.onLeftOut(*each.entry, error.what());
        if (gpu.hasFailed())
          throw DeviceFailed("the GPU answers nothing after `" + each.entry->library + "`");
        return true;
      }
    });
  };
  withEach([&](Loaded &each) {
    std::string path = settings.folder + "/" + each.entry->library;
    requireWhole(path, *each.entry);
    each.candidate = std::make_unique<Candidate>(path, problem, gpu);
    each.candidate->check(problem);
  });
  for (int64_t place = 0; place < settings.placements; ++place)
    withEach([&](Loaded &each) { each.candidate->place(problem, gpu); });
  std::vector<Measured> all;
  for (const Loaded &each : loaded) {
    const tuning::Placements &cold = each.candidate->cold;
    all.push_back({{gpu.fingerprint().text(), settings.compiler, plan::problemText(each.entry->problem),
                    plan::choiceText(each.entry->choice), /*threads=*/1, cold.time(), cold.count(), cold.noise()},
                   each.candidate->warm.time()});
  }
  return all;
}
