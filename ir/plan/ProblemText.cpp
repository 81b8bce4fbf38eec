#include "ir/plan/ProblemText.h"

#include <algorithm>
#include <charconv>

using namespace skip;
using plan::TextReader;

static constexpr int64_t kMostOfASize = int64_t(1) << 20; // of channels, extents, images

bool TextReader::take(std::string_view literal) {
  bool matches = good && rest.substr(0, literal.size()) == literal;
  if (matches)
    rest.remove_prefix(literal.size());
  return matches;
}

TextReader &TextReader::literal(std::string_view text) {
  good = take(text);
  return *this;
}

TextReader &TextReader::number(int64_t &value) {
  auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  good = good && code == std::errc() && value >= 0 && value <= kMostOfASize;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return *this;
}

std::string plan::timesText(int64_t a, int64_t b) { return std::to_string(a) + "x" + std::to_string(b); }

std::string plan::sizesText(const graph::ContractionSizes &s, int64_t images) {
  return std::string(s.isLinear ? "linear " : "conv2d ") + timesText(s.kernelHeight, s.kernelWidth) + "/" +
         std::to_string(s.stride) + " p" + std::to_string(s.padding) + " " + std::to_string(s.inChannels) + "->" +
         std::to_string(s.outChannels) + " " + timesText(s.outHeight, s.outWidth) + " n" + std::to_string(images);
}

void plan::readSizes(TextReader &reader, graph::ContractionSizes &s, int64_t &images) {
  s.isLinear = reader.take("linear ");
  if (!s.isLinear)
    reader.literal("conv2d ");
  reader.number(s.kernelHeight).literal("x").number(s.kernelWidth).literal("/").number(s.stride);
  reader.literal(" p").number(s.padding).literal(" ").number(s.inChannels).literal("->").number(s.outChannels);
  reader.literal(" ").number(s.outHeight).literal("x").number(s.outWidth).literal(" n").number(images);
}

std::array<int64_t, 2> plan::inputExtents(const graph::ContractionSizes &s) {
  auto extent = [&](int64_t out, int64_t kernel) {
    return std::max<int64_t>(1, (out - 1) * s.stride + kernel - 2 * s.padding);
  };
  return {extent(s.outHeight, s.kernelHeight), extent(s.outWidth, s.kernelWidth)};
}

bool plan::areSound(const graph::ContractionSizes &s, int64_t images) {
  int64_t least =
      std::min({s.kernelHeight, s.kernelWidth, s.stride, s.inChannels, s.outChannels, s.outHeight, s.outWidth, images});
  return least >= 1 && s.padding >= 0 &&
         (!s.isLinear || (s.stride == 1 && s.padding == 0 && s.outHeight == 1 && s.outWidth == 1));
}
