#include "tools/skip-time/Manifest.h"

#include "support/Printable.h"
#include "tools/skip-time/Error.h"
#include "tools/tuning/ExportText.h"
#include "tools/tuning/FileHash.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace skip;
using nlohmann::json;
using timing::Entry;
using timing::Error;

static constexpr int kVersion = 2;
static constexpr double kMostElements = 0x1p31; // of an array
static constexpr size_t kLongestName = 64;

static std::string textAt(const json &object, const char *key, const std::string &where) {
  auto found = object.find(key);
  if (found == object.end() || !found->is_string())
    throw Error(where + " has no text `" + key + "`");
  return found->get<std::string>();
}

static uint64_t sizeAt(const json &object, const char *key, const std::string &where) {
  auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned())
    throw Error(where + " has no size `" + key + "`");
  return found->get<uint64_t>();
}

/// `candidate-17.so`: nothing that leaves the folder.
static bool isLibraryName(std::string_view name) {
  auto isPlain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.'; };
  return name.size() <= kLongestName && name.ends_with(".so") && name.front() != '.' && std::ranges::all_of(name, isPlain);
}

/// Whether some input gives the output, and no array is larger than memories are.
static bool canBe(const plan::CudaProblem &p) {
  auto [height, width] = plan::inputExtents(p);
  auto fits = [&](int64_t in, int64_t out, int64_t kernel) {
    int64_t span = in + 2 * p.padding - kernel;
    return span >= 0 && span / p.stride + 1 == out;
  };
  double input = double(p.images) * double(p.inChannels) * double(height) * double(width);
  double filter = double(p.outChannels) * double(p.inChannels) * double(p.kernelHeight) * double(p.kernelWidth);
  double output = double(p.images) * double(p.outChannels) * double(p.outHeight) * double(p.outWidth);
  return fits(height, p.outHeight, p.kernelHeight) && fits(width, p.outWidth, p.kernelWidth) &&
         std::max({input, filter, output}) <= kMostElements;
}

static Entry entryOf(const json &object, const std::string &where) {
  if (!object.is_object())
    throw Error(where + " is no object");
  std::string library = textAt(object, "library", where), problem = textAt(object, "problem", where),
              choice = textAt(object, "choice", where), hash = textAt(object, "hash", where);
  uint64_t bytes = sizeAt(object, "bytes", where);
  std::optional<plan::CudaProblem> readProblem = plan::parseCudaProblem(problem);
  std::optional<plan::CudaChoice> readChoice = plan::parseCudaChoice(choice);
  if (!isLibraryName(library))
    throw Error(where + ": " + quotedName(library) + " is no library's name, such as `candidate-1.so`");
  if (!tuning::isHashText(hash))
    throw Error(where + ": " + quotedName(hash) + " is no hash, which has sixteen digits of base 16");
  if (!readProblem || !canBe(*readProblem))
    throw Error(where + ": " + quotedName(problem) + " is no problem of a GPU that can be measured");
  if (!readChoice || !plan::isLegal(*readChoice, *readProblem))
    throw Error(where + ": " + quotedName(choice) + " is no choice that is legal for `" + problem + "`");
  return {library, bytes, hash, *readProblem, *readChoice};
}

static void refuseTwice(const std::vector<Entry> &entries) {
  for (size_t i = 1; i < entries.size(); ++i)
    for (size_t before = i; before-- > 0 && entries[before].problem == entries[i].problem;)
      if (entries[before].choice == entries[i].choice)
        throw Error("the manifest has `" + plan::choiceText(entries[i].choice) + "` twice for `" +
                    plan::problemText(entries[i].problem) + "`");
}

timing::Manifest timing::readManifest(std::string_view text) {
  if (text.size() > mostManifestBytes)
    throw Error("the manifest is larger than " + std::to_string(mostManifestBytes >> 20) + " MiB");
  json read = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!read.is_object() || !read.contains("skip-candidates"))
    throw Error("this is no manifest of candidates, as `skipc tune --compile-only` writes it");
  if (read["skip-candidates"] != kVersion)
    throw Error("another version of skipc wrote this manifest; this skip-time reads `\"skip-candidates\": " +
                std::to_string(kVersion) + "`, as the skipc that it came with writes it");
  Manifest manifest{textAt(read, "compiler", "the manifest"), {}};
  if (!tuning::isCompilerText(manifest.compiler))
    throw Error("the manifest's `compiler` is no compiler's version");
  auto candidates = read.find("candidates");
  if (candidates == read.end() || !candidates->is_array())
    throw Error("the manifest has no list `candidates`");
  if (candidates->empty())
    throw Error("its manifest lists no candidates, so there is nothing to measure: "
                "`skipc tune SPEC --target=cuda --compile-only DIR`, of a SPEC with convolutions or linear layers, makes a "
                "folder with some");
  for (size_t i = 0; i < candidates->size(); ++i)
    manifest.entries.push_back(entryOf((*candidates)[i], "candidate " + std::to_string(i + 1) + " of the manifest"));
  std::ranges::stable_sort(manifest.entries, {}, &Entry::problem);
  refuseTwice(manifest.entries);
  return manifest;
}
