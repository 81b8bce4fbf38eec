// Scaled pictures against Pillow's (PillowDigests.h), in AVX2 and without; their parts against the whole.
#include "runtime/Cpu.h"
#include "runtime/picture/Resample.h"
#include "tests/unit/runtime/PillowDigests.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace skip::runtime;
using namespace test;

/// As pillow_digests.py makes it.
static std::vector<uint8_t> pattern(int64_t count, uint32_t seed) {
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t value = (static_cast<uint32_t>(i) + seed) * 2654435761u;
    value ^= value >> 15;
    value *= 2246822519u;
    value ^= value >> 13;
    bytes.push_back(static_cast<uint8_t>(seed % 3 == 0 ? (value >> 31) * 255 : value >> 24));
  }
  return bytes;
}

static uint32_t crc32(const std::vector<uint8_t> &bytes) {
  uint32_t crc = ~0u;
  for (uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

namespace {
struct Source {
  explicit Source(const PillowDigest &test)
      : makesGrey(std::string(test.order) == "GREY_OF_RGB"), order(std::string(test.order) == "BGR"    ? SKIP_BGR
                                                                   : std::string(test.order) == "RGBA" ? SKIP_RGBA
                                                                   : std::string(test.order) == "GREY" ? SKIP_GREY
                                                                                                       : SKIP_RGB),
        filter(std::string(test.filter) == "BICUBIC" ? SKIP_FILTER_BICUBIC : SKIP_FILTER_BILINEAR), width(test.width),
        height(test.height), pixels(pattern(width * height * pixelBytesOf(order), static_cast<uint32_t>(test.seed))) {}

  PictureView view() const { return {pixels.data(), width, height, width * pixelBytesOf(order), order}; }

  const bool makesGrey;
  const skip_pixel_order order;
  const SkipFilter filter;
  const int64_t width, height;
  const std::vector<uint8_t> pixels;
};

/// The rows of a cut, as red, green, blue or as grey. Memory is exactly as large as it must be, for sanitizers to see.
struct Rows {
  std::vector<uint8_t> bytes;
  int32_t pixelBytes;
  ChannelPlaces places;
  int64_t columns;

  static void take(void *user, int64_t row, const uint8_t *pixels) {
    Rows &rows = *static_cast<Rows *>(user);
    int channels = rows.pixelBytes == 1 ? 1 : 3;
    REQUIRE(static_cast<int64_t>(rows.bytes.size()) == row * rows.columns * channels);
    for (int64_t x = 0; x < rows.columns; ++x)
      for (int channel = 0; channel < channels; ++channel)
        rows.bytes.push_back(pixels[x * rows.pixelBytes + rows.places.places[channel]]);
  }
};
} // namespace

static std::vector<uint8_t> rowsOf(const Source &source, const Cut &cut, bool avx2) {
  Resampling resampling(source.view(), cut, source.filter, source.makesGrey);
  Rows rows{{}, resampling.pixelBytes(), placesOf(source.makesGrey ? SKIP_GREY : source.order), cut.columns};
  size_t bytes = resampling.scratchBytes();
  REQUIRE(bytes % 64 == 0);
  std::unique_ptr<void, void (*)(void *)> scratch(std::aligned_alloc(64, bytes), std::free);
  resampling.run(scratch.get(), avx2, Rows::take, &rows);
  return std::move(rows.bytes);
}

TEST_CASE("pictures are scaled bit for bit as Pillow does it, in AVX2 and without") {
  for (const PillowDigest &test : pillowDigests) {
    INFO(test.order << " " << test.filter << " " << test.width << " x " << test.height << " to " << test.toWidth << " x "
                    << test.toHeight);
    Source source(test);
    Cut whole{test.toWidth, test.toHeight, 0, 0, test.toWidth, test.toHeight};
    std::vector<uint8_t> plain = rowsOf(source, whole, false);
    CHECK(crc32(plain) == test.crc);
    if (hasAvx2())
      CHECK(rowsOf(source, whole, true) == plain);
  }
}

TEST_CASE("a part of a scaled picture is that part") {
  std::mt19937 random(1);
  auto below = [&](int64_t bound) { return static_cast<int64_t>(random() % static_cast<uint64_t>(bound)); };
  for (const PillowDigest &test : pillowDigests) {
    INFO(test.order << " " << test.filter << " " << test.width << " x " << test.height << " to " << test.toWidth << " x "
                    << test.toHeight);
    Source source(test);
    std::vector<uint8_t> whole = rowsOf(source, {test.toWidth, test.toHeight, 0, 0, test.toWidth, test.toHeight}, hasAvx2());
    size_t pixel = whole.size() / static_cast<size_t>(test.toWidth) / static_cast<size_t>(test.toHeight);
    for (int i = 0; i < 3; ++i) {
      Cut cut{test.toWidth, test.toHeight, below(test.toWidth), below(test.toHeight), 0, 0};
      cut.columns = 1 + below(cut.width - cut.left);
      cut.rows = 1 + below(cut.height - cut.top);
      std::vector<uint8_t> expected;
      for (int64_t y = cut.top; y < cut.top + cut.rows; ++y) {
        auto from = whole.begin() + (y * cut.width + cut.left) * static_cast<int64_t>(pixel);
        expected.insert(expected.end(), from, from + cut.columns * static_cast<int64_t>(pixel));
      }
      REQUIRE(rowsOf(source, cut, hasAvx2()) == expected);
      REQUIRE(rowsOf(source, cut, false) == expected);
    }
  }
}
