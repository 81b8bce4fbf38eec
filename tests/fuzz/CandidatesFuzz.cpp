// The reader of candidates' manifests on any bytes: it ends with a text, or what it took can be measured.
#include "tests/fuzz/Require.h"
#include "tools/skip-time/Error.h"
#include "tools/skip-time/Manifest.h"
#include "tools/tuning/FileHash.h"

#include <cstdint>
#include <optional>

using skip::fuzz::require;

static std::optional<skip::timing::Manifest> read(std::string_view text) {
  try {
    return skip::timing::readManifest(text);
  } catch (const skip::timing::Error &error) {
    require(*error.what() != '\0', "an error has a text");
    return std::nullopt;
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::optional<skip::timing::Manifest> manifest = read({reinterpret_cast<const char *>(data), size});
  if (!manifest)
    return 0;
  require(!manifest->entries.empty(), "there is something to measure");
  for (const skip::timing::Entry &entry : manifest->entries) {
    require(entry.library.find('/') == std::string::npos, "libraries lie in the folder");
    require(skip::tuning::isHashText(entry.hash), "hashes are such");
    require(skip::plan::isLegal(entry.choice, entry.problem), "choices are legal");
    require(skip::plan::parseCudaProblem(skip::plan::problemText(entry.problem)) == entry.problem, "problems read back");
  }
  return 0;
}
