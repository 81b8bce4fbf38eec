// `skip-time DIR`: measures on this machine's GPU what `skipc tune --target=cuda --compile-only DIR` compiled, and writes what
// `skipc tune --merge` reads. Needs NVIDIA's driver and the C library, and nothing of the compiler.
#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "support/SystemError.h"
#include "support/Temporaries.h"
#include "tools/skip-time/Error.h"
#include "tools/skip-time/Measure.h"
#include "tools/tuning/Placements.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <sys/stat.h>

using namespace skip;
using timing::DeviceFailed;
using timing::Entry;
using timing::Error;
using timing::Measured;

static constexpr const char *kUsage =
    "usage: skip-time DIR [--device N] [--placements N] [--output FILE]\n"
    "\n"
    "Measures the candidates that `skipc tune SPEC --target=cuda --compile-only DIR` wrote, on this machine's GPU, and prints\n"
    "text that `skipc tune --merge` reads. A candidate whose file was cut short or changed, or whose result is wrong, is\n"
    "reported and left out.\n"
    "\n"
    "  --device N       the GPU, of those that the driver counts (default: 0)\n"
    "  --placements N   in so many places in memory, 1 to 1000 (default: 13; with fewer a search counts as cut short)\n"
    "  --output FILE    write the text there, anew after each problem (default: the standard output, at the end)\n"
    "\n"
    "SKIP_CUDA_DRIVER in the environment names another driver than libcuda.so.1. The exit code is 0; 1 where a candidate was\n"
    "left out; 2 where nothing was measured.\n";

namespace {
struct Options {
  std::string folder, output;
  int64_t device = 0, placements = tuning::allPlacements;
};

/// What was measured so far.
struct Result {
  std::vector<Measured> measured;
  int64_t leftOut = 0;

  std::string text() const;
};
} // namespace

static int64_t wholeOf(const std::string &flag, const std::string &text, int64_t least, int64_t most) {
  bool isNumber = !text.empty() && text.size() <= 6 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  int64_t number = isNumber ? std::atoll(text.c_str()) : -1;
  if (number < least || number > most)
    throw Error(flag + ": " + quotedName(text) + " is not a whole number from " + std::to_string(least) + " to " +
                std::to_string(most));
  return number;
}

static Options optionsOf(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i], flag = word.substr(0, word.find('=')), value;
    if (!word.starts_with("--")) {
      if (!options.folder.empty())
        throw Error("name one folder: " + quotedName(options.folder) + " or " + quotedName(word));
      options.folder = word;
      continue;
    }
    if (flag != "--device" && flag != "--placements" && flag != "--output")
      throw Error("there is no flag " + quotedName(flag) + "; --help lists them");
    if (flag != word)
      value = word.substr(flag.size() + 1);
    else if (++i < argc)
      value = argv[i];
    if (flag == "--device")
      options.device = wholeOf(flag, value, 0, 1023);
    else if (flag == "--placements")
      options.placements = wholeOf(flag, value, 1, 1000);
    else if ((options.output = value).empty())
      throw Error("--output: name a file");
  }
  if (options.folder.empty())
    throw Error("name the folder of candidates that `skipc tune --target=cuda --compile-only DIR` wrote; --help tells more");
  return options;
}

static std::string readFile(const std::string &path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0)
    throw Error(describeSystemError("read", path, errno));
  if (!S_ISREG(file.st_mode) || static_cast<uint64_t>(file.st_size) > timing::mostManifestBytes)
    throw Error(quotedName(path) + " is no manifest of candidates: it is no file, or a too large one");
  std::ifstream stream(path, std::ios::binary);
  std::string text(static_cast<size_t>(file.st_size), '\0');
  if (!stream.read(text.data(), file.st_size))
    throw Error(describeSystemError("read", path, errno));
  return text;
}

std::string Result::text() const {
  std::vector<tuning::MeasurementText> texts;
  std::string warm;
  for (const Measured &each : measured) {
    texts.push_back(each.cold);
    warm += "# " + each.cold.problem + "; " + each.cold.choice + "; " + std::to_string(each.warmNanoseconds) + " ns\n";
  }
  const char *driver = std::getenv("SKIP_CUDA_DRIVER");
  std::string note = driver && *driver
                         ? "\n# SKIP_CUDA_DRIVER named another driver: of an emulator these times say nothing about a GPU.\n"
                         : "";
  return tuning::exportText(texts) + note + "\n# The same where the second-level cache is as the run before left it:\n" + warm;
}

static void write(const Options &options, const Result &result) {
  std::string error;
  if (!options.output.empty() && !writeFileAtomically(options.output, result.text(), error))
    throw Error(error);
}

/// That what will be measured can be kept. Nothing is written, and a pipe, which may be opened once, is left alone.
static void tryOutput(const Options &options) {
  struct stat there{};
  if (options.output.empty() || (stat(options.output.c_str(), &there) == 0 && S_ISFIFO(there.st_mode)))
    return;
  AtomicFile file;
  std::string error;
  if (!file.open(options.output, error))
    throw Error(error);
}

/// The entries of one problem, from `first` on.
static std::span<const Entry> problemAt(const std::vector<Entry> &entries, size_t first) {
  size_t last = first;
  while (last < entries.size() && entries[last].problem == entries[first].problem)
    ++last;
  return std::span(entries).subspan(first, last - first);
}

static Result measureAll(const Options &options) {
  timing::Manifest manifest;
  try {
    manifest = timing::readManifest(readFile(options.folder + "/" + timing::manifestName));
  } catch (const Error &error) {
    throw Error(quotedName(options.folder) + ": " + error.what());
  }
  timing::Gpu gpu(static_cast<int>(options.device));
  std::cerr << "skip-time: " << manifest.entries.size() << " candidates on " << gpu.fingerprint().text() << "\n";
  Result result;
  auto leaveOut = [&](const Entry &entry, const std::string &why) {
    ++result.leftOut;
    std::cerr << "skip-time: " << entry.library << " (" << plan::problemText(entry.problem) << "; "
              << plan::choiceText(entry.choice) << ") is left out: " << printableLines(why) << "\n";
  };
  timing::Settings settings{options.folder, manifest.compiler, options.placements, leaveOut};
  for (size_t first = 0; first < manifest.entries.size();) {
    std::span<const Entry> problem = problemAt(manifest.entries, first);
    first += problem.size();
    try {
      std::ranges::move(timing::measure(problem, settings, gpu), std::back_inserter(result.measured));
    } catch (const Error &error) { // of what its candidates share
      std::ranges::for_each(problem, [&](const Entry &entry) { leaveOut(entry, error.what()); });
    } catch (const DeviceFailed &failed) {
      std::cerr << "skip-time: error: " << failed.what() << ", and so no other candidate is measured: take that one out of `"
                << timing::manifestName << "`, and run skip-time again\n";
      break;
    }
    write(options, result);
    std::cerr << "skip-time: " << first << " of " << manifest.entries.size() << "\n";
  }
  return result;
}

int main(int argc, char **argv) {
  constexpr int leftOut = 1, nothing = 2;
  removeTemporariesOnSignal();
  if (argc == 2 && std::string(argv[1]) == "--help") {
    std::cout << kUsage;
    return 0;
  }
  try {
    Options options = optionsOf(argc, argv);
    tryOutput(options);
    Result result = measureAll(options);
    if (options.output.empty() && !(std::cout << result.text() << std::flush))
      throw Error(describeSystemError("write", "the standard output", errno));
    return result.measured.empty() ? nothing : result.leftOut ? leftOut : 0;
  } catch (const Error &error) {
    std::cerr << "skip-time: error: " << error.what() << "\n";
    return nothing;
  } catch (const std::bad_alloc &) {
    std::cerr << "skip-time: error: this machine has too little memory for the arrays of a candidate\n";
    return nothing;
  }
}
