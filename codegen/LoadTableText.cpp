// Numbers in decimal, with one blank between them; epsilon by its shortest text that reads back as the same value.
#include "codegen/LoadTableText.h"

#include <charconv>
#include <cmath>

using llvm::StringRef;

namespace skip::codegen {

const char *const loadColumns =
    "kind accumulate offset bytes oc ic kh kw layout element balance firstNorm normCount epsilon source bias gamma "
    "beta mean variance";
const char *const normColumns = "gamma beta";

namespace {
/// Each takes the numbers of a line in turn.
class Writer {
public:
  template <typename Number> void operator()(const Number &number) {
    char digits[64];
    char *end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    text += (text.empty() ? "" : " ") + std::string(digits, end);
  }
  std::string text;
};

class Reader {
public:
  explicit Reader(StringRef line) : rest(line) {}

  template <typename Number> void operator()(Number &number) {
    StringRef word = next();
    const char *end = word.data() + word.size();
    auto [stopped, failure] = std::from_chars(word.data(), end, number);
    good = good && !word.empty() && failure == std::errc() && stopped == end;
    if constexpr (std::is_floating_point_v<Number>)
      good = good && std::isfinite(number);
  }
  bool isDone() const { return good && rest.empty(); }

private:
  StringRef next() {
    auto [word, behind] = rest.split(' ');
    good = good && (word.size() == rest.size() || !behind.empty()); // no blank at the end
    rest = behind;
    return word;
  }

  StringRef rest;
  bool good = true;
};
} // namespace

/// All members: one that is added is missing here as soon as it is compiled.
template <typename Load, typename Visit> static void each(Load &load, Visit &visit) {
  auto &[kind, accumulate, offset, bytes, dims, layout, element, balance, firstNorm, normCount, epsilon, source, bias, gamma,
         beta, mean, variance] = load;
  visit(kind), visit(accumulate), visit(offset), visit(bytes);
  for (auto &dim : dims)
    visit(dim);
  visit(layout), visit(element), visit(balance), visit(firstNorm), visit(normCount), visit(epsilon);
  for (auto *tensor : {&source, &bias, &gamma, &beta, &mean, &variance})
    visit(*tensor);
}

std::string lineOf(const SkipLoad &load) {
  Writer writer;
  each(load, writer);
  return writer.text;
}

std::string lineOf(const SkipNorm &norm) {
  Writer writer;
  writer(norm.gamma), writer(norm.beta);
  return writer.text;
}

std::optional<SkipLoad> loadOf(StringRef line) {
  SkipLoad load = {};
  Reader reader(line);
  each(load, reader);
  return reader.isDone() ? std::optional(load) : std::nullopt;
}

std::optional<SkipNorm> normOf(StringRef line) {
  SkipNorm norm = {};
  Reader reader(line);
  reader(norm.gamma), reader(norm.beta);
  return reader.isDone() ? std::optional(norm) : std::nullopt;
}

} // namespace skip::codegen
