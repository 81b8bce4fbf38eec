// The keys of what tuning measures: a grammar of literals and numbers, whose first half all targets share. Plain C++, no MLIR.
#pragma once

#include "ir/graph/ContractionSizes.h"

#include <array>
#include <string>
#include <string_view>

namespace skip::plan {

/// Takes a text apart from its front; after the first mismatch nothing matches any more. A text is to be believed only if what
/// was read gives the same text again: `01` is a number here too.
class TextReader {
public:
  explicit TextReader(std::string_view text) : rest(text) {}

  /// Whether `literal` came next.
  bool take(std::string_view literal);
  TextReader &literal(std::string_view text);
  /// Of a size: from 0 to 2^20.
  TextReader &number(int64_t &value);
  bool done() const { return good && rest.empty(); }

private:
  std::string_view rest;
  bool good = true;
};

/// `64x56`.
std::string timesText(int64_t a, int64_t b);

/// `conv2d 3x3/1 p1 64->64 56x56 n1`: kernel, stride, padding, channels, output, images.
std::string sizesText(const graph::ContractionSizes &sizes, int64_t images);
/// The same read from the front of a text.
void readSizes(TextReader &reader, graph::ContractionSizes &sizes, int64_t &images);

/// Height and width of the least input that gives the output.
std::array<int64_t, 2> inputExtents(const graph::ContractionSizes &sizes);

/// Whether a contraction can have such sizes: extents are at least one, and the padding is less than the kernel; of a 1x1 it
/// may be one.
bool areSound(const graph::ContractionSizes &sizes, int64_t images);

} // namespace skip::plan
