// Runs a fuzz target without libFuzzer: every file of the corpus as it is, then mutations of them.
//
//   skip-spec-fuzz --iterations 100000 --seed 7 --seconds-each 5 --out /tmp models tests/frontend/errors
//
// A mutant is a pure function of (corpus, seed, iteration), so a failure is repeated with `--first N --iterations 1`. An input
// that crashes the target or takes too long is written to `<out>/crash-<seed>-<iteration>` and can be given as the corpus.
// Files that are larger than 256 KiB are left out: mutations of them would mostly change nothing that matters.
//
// The mutations know text and bytes: flips, cuts and copies; pieces of other files; words that the corpus uses, in place of
// words; numbers at the edges of their types. There is no feedback from coverage: use libFuzzer where that is wanted (the
// target's interface is the same).
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

struct Options {
  uint64_t iterations = 10'000, first = 0, seed = 1;
  unsigned secondsEach = 10;
  std::string out = ".";
  std::vector<std::string> corpus;
};

std::string input;
std::string crashPath;

/// Uses nothing but system calls: the heap may be what broke.
void saveInput() {
  int file = open(crashPath.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  bool saved = file >= 0 && write(file, input.data(), input.size()) == static_cast<ssize_t>(input.size());
  for (const char *text : {saved ? "the input is in " : "cannot write ", crashPath.c_str(), "\n"})
    if (write(STDERR_FILENO, text, std::strlen(text)) < 0)
      return;
}

void onSignal(int signal) {
  std::signal(SIGABRT, SIG_DFL);
  const char *what = signal == SIGALRM ? "the target is too slow\n" : "the target crashed\n";
  if (write(STDERR_FILENO, what, std::strlen(what)) > 0)
    saveInput();
  _exit(1);
}

/// The sanitizers report what they find themselves, and then call back.
void catchFailures() {
  bool sanitized = __sanitizer_set_death_callback != nullptr;
  if (sanitized)
    __sanitizer_set_death_callback(saveInput);
  for (int signal : {SIGALRM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    if (!sanitized || signal == SIGALRM || signal == SIGABRT)
      std::signal(signal, onSignal);
}

double runInput(const Options &options, const std::string &name) {
  crashPath = options.out + "/crash-" + name;
  auto start = std::chrono::steady_clock::now();
  alarm(options.secondsEach);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()), input.size());
  alarm(0);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Corpus {
  std::vector<std::string> inputs;
  std::vector<std::string> words; ///< runs of letters, digits and `_`, and single symbols
};

bool isWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

size_t wordEnd(const std::string &text, size_t at) {
  size_t end = at;
  while (end < text.size() && isWord(text[end]))
    ++end;
  return end == at ? at + 1 : end;
}

void addFile(Corpus &corpus, const std::filesystem::path &path) {
  constexpr size_t mostBytes = 256 << 10, mostWords = 100'000;
  if (std::filesystem::file_size(path) > mostBytes)
    return;
  std::ifstream file(path, std::ios::binary);
  corpus.inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  const std::string &text = corpus.inputs.back();
  for (size_t at = 0; at < text.size() && corpus.words.size() < mostWords; at = wordEnd(text, at))
    corpus.words.push_back(text.substr(at, wordEnd(text, at) - at));
}

/// In the order of the paths, so that a seed means the same everywhere.
Corpus readCorpus(const std::vector<std::string> &places) {
  std::vector<std::filesystem::path> paths;
  for (const std::string &place : places) {
    if (!std::filesystem::is_directory(place)) {
      paths.push_back(place);
      continue;
    }
    for (const auto &entry : std::filesystem::recursive_directory_iterator(place))
      if (entry.is_regular_file())
        paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  Corpus corpus;
  for (const std::filesystem::path &path : paths)
    addFile(corpus, path);
  return corpus;
}

class Mutator {
public:
  Mutator(const Corpus &corpus, uint64_t seed) : corpus(corpus), random(seed) {}

  std::string mutant() {
    text = pick(corpus.inputs);
    for (size_t edits = size_t(1) << below(5); edits; --edits)
      edit();
    if (text.size() > mostBytes)
      text.resize(mostBytes);
    return std::move(text);
  }

private:
  static constexpr size_t mostBytes = 1 << 20;

  size_t below(size_t bound) { return bound ? random() % bound : 0; }
  const std::string &pick(const std::vector<std::string> &items) { return items[below(items.size())]; }

  /// A piece of `from`: mostly short, sometimes whole lines' worth.
  std::string piece(const std::string &from) {
    size_t at = below(from.size());
    return from.substr(at, 1 + below(below(4) ? 16 : 400));
  }

  void edit() {
    switch (below(9)) {
    case 0:
      if (!text.empty())
        text[below(text.size())] ^= char(1 << below(8));
      return;
    case 1:
      text.erase(std::min(below(text.size() + 1), text.size()), 1 + below(below(4) ? 8 : 200));
      return;
    case 2:
      text.insert(below(text.size() + 1), piece(text));
      return;
    case 3:
      text.insert(below(text.size() + 1), piece(pick(corpus.inputs)));
      return;
    case 4:
      return repeatPiece();
    case 5:
      return setBytes();
    default:
      return replaceWord();
    }
  }

  void repeatPiece() {
    std::string part = piece(text);
    std::string many;
    for (size_t times = size_t(1) << below(9); times && many.size() < (64 << 10); --times)
      many += part;
    text.insert(below(text.size() + 1), many);
  }

  /// A number at the edge of a type, little-endian: lengths and offsets in binary files.
  void setBytes() {
    static const uint64_t edges[] = {0, 1, 7, 255, 0x7fffffff, 0xffffffff, uint64_t(1) << 40, INT64_MAX, UINT64_MAX};
    uint64_t value = edges[below(std::size(edges))] - below(2);
    size_t at = below(3) ? below(text.size()) : 0, bytes = std::min<size_t>(8, text.size() - std::min(at, text.size()));
    std::memcpy(text.data() + at, &value, bytes);
  }

  void replaceWord() {
    static const std::vector<std::string> numbers = {
        "0",   "1",    "-1", "2", "3", "64", "1000000000", "1099511627776", "9223372036854775807", "9223372036854775808",
        "0.5", "1e308"};
    if (text.empty())
      return;
    size_t at = below(text.size());
    while (at > 0 && isWord(text[at - 1]) && isWord(text[at]))
      --at;
    const std::string &word = below(4) && !corpus.words.empty() ? pick(corpus.words) : pick(numbers);
    text.replace(at, wordEnd(text, at) - at, word);
  }

  const Corpus &corpus;
  std::mt19937_64 random;
  std::string text;
};

bool readOptions(int argc, char **argv, Options &options) {
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    if (flag.rfind("--", 0) != 0) {
      options.corpus.push_back(flag);
      continue;
    }
    if (++i == argc)
      return false;
    if (flag == "--iterations")
      options.iterations = std::strtoull(argv[i], nullptr, 10);
    else if (flag == "--first")
      options.first = std::strtoull(argv[i], nullptr, 10);
    else if (flag == "--seed")
      options.seed = std::strtoull(argv[i], nullptr, 10);
    else if (flag == "--seconds-each")
      options.secondsEach = static_cast<unsigned>(std::strtoul(argv[i], nullptr, 10));
    else if (flag == "--out")
      options.out = argv[i];
    else
      return false;
  }
  return !options.corpus.empty();
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  if (!readOptions(argc, argv, options)) {
    std::fprintf(stderr, "usage: %s [--iterations N] [--first N] [--seed S] [--seconds-each S] [--out FOLDER] CORPUS...\n",
                 argv[0]);
    return 2;
  }
  Corpus corpus = readCorpus(options.corpus);
  if (corpus.inputs.empty()) {
    std::fprintf(stderr, "the corpus is empty\n");
    return 2;
  }
  catchFailures();

  double slowest = 0, total = 0;
  auto note = [&](double seconds) {
    slowest = std::max(slowest, seconds);
    total += seconds;
  };
  for (size_t i = 0; i < corpus.inputs.size(); ++i) {
    input = corpus.inputs[i];
    note(runInput(options, "corpus-" + std::to_string(i)));
  }
  for (uint64_t i = options.first; i < options.first + options.iterations; ++i) {
    input = Mutator(corpus, options.seed * 0x9e3779b97f4a7c15u + i).mutant();
    note(runInput(options, std::to_string(options.seed) + "-" + std::to_string(i)));
  }
  std::printf("%zu files and %llu mutants: %.1f s, the slowest %.3f s\n", corpus.inputs.size(),
              static_cast<unsigned long long>(options.iterations), total, slowest);
  return 0;
}
