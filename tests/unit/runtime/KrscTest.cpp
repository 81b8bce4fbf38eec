// Filters in layout krsc, and elements of 16 bits, against their formulas in Abi.h.
#include "runtime/Element.h"
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"
#include "runtime/PackedFile.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <bit>
#include <cmath>
#include <cstring>

using namespace test;
using namespace skip::runtime;

namespace {
/// A model that is one filter w, scaled by gamma.
struct Filter {
  Filter(std::vector<int64_t> dims, uint32_t element) : dims(dims), element(element) {
    int64_t each = element == SKIP_ELEMENT_F32 || element == SKIP_ELEMENT_TF32 ? 4 : 2, multiple = 16 / each;
    padded = (dims[1] + multiple - 1) / multiple * multiple;
    count = dims[0] * dims[1] * dims[2] * dims[3];
    weights = noise(static_cast<size_t>(count), 1);
    gamma = noise(static_cast<size_t>(dims[0]), 2);
    tensors[0] = {"w", 4, 0, {dims[0], dims[1], dims[2], dims[3]}};
    tensors[1] = {"gamma", 1, 0, {dims[0]}};
    load.kind = SKIP_LOAD_CONV_WEIGHT;
    load.bytes = static_cast<uint64_t>(dims[0] * padded * dims[2] * dims[3] * each);
    std::copy(dims.begin(), dims.end(), load.dims);
    load.layout = SKIP_LAYOUT_KRSC;
    load.element = element;
    load.source = 0;
    load.gamma = 1;
    load.bias = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
    copy.image.tensors = tensors;
    copy.image.tensorCount = 2;
    copy.target.loads = &load;
    copy.target.loadCount = 1;
    copy.target.weightsBytes = (load.bytes + 63) / 64 * 64;
  }

  skip_status pack() {
    std::string file = safetensors({f32("w", dims, weights), f32("gamma", {dims[0]}, gamma)});
    bytes.assign(copy.target.weightsBytes, 0xFF);
    Owned<float> segment(static_cast<float *>(allocateAligned(copy.target.weightsBytes)));
    skip_status status = packWeights(copy.image, copy.target, file.data(), file.size(), "x", segment.get());
    std::memcpy(bytes.data(), segment.get(), bytes.size());
    return status;
  }
  float at(int64_t index) const {
    switch (element) {
    case SKIP_ELEMENT_F16:
      return ElementF16::read(bytes.data() + 2 * index);
    case SKIP_ELEMENT_BF16:
      return ElementBF16::read(bytes.data() + 2 * index);
    default:
      return ElementF32::read(bytes.data() + 4 * index);
    }
  }
  double wanted(int64_t o, int64_t i, int64_t y, int64_t x) const {
    if (i >= dims[1])
      return 0;
    return double{weights[static_cast<size_t>(((o * dims[1] + i) * dims[2] + y) * dims[3] + x)]} *
           gamma[static_cast<size_t>(o)];
  }
  /// Elements that are not what they should be, but for one rounding.
  int64_t wrong() const {
    double unit = element == SKIP_ELEMENT_F32 ? 0 : element == SKIP_ELEMENT_BF16 ? 0x1p-8 : 0x1p-11;
    int64_t found = 0, index = 0;
    for (int64_t o = 0; o < dims[0]; ++o)
      for (int64_t y = 0; y < dims[2]; ++y)
        for (int64_t x = 0; x < dims[3]; ++x)
          for (int64_t i = 0; i < padded; ++i, ++index) {
            double value = static_cast<double>(static_cast<float>(wanted(o, i, y, x)));
            found += !(std::abs(static_cast<double>(at(index)) - value) <= unit * std::abs(value) + (unit > 0 ? 0x1p-25 : 0));
          }
    return found;
  }

  std::vector<int64_t> dims;
  uint32_t element;
  int64_t padded = 0, count = 0;
  std::vector<float> weights, gamma;
  std::vector<uint8_t> bytes;
  SkipTensor tensors[2];
  SkipLoad load = {};
  ImageCopy copy;
};
} // namespace

TEST_CASE("krsc: channels innermost, padded with zeros to whole 16 bytes") {
  std::vector<std::vector<int64_t>> shapes = {{1, 1, 1, 1}, {5, 3, 7, 7}, {7, 17, 3, 3}, {16, 16, 1, 5}, {3, 70, 2, 3}};
  for (const std::vector<int64_t> &dims : shapes)
    for (uint32_t element : {SKIP_ELEMENT_F32, SKIP_ELEMENT_F16, SKIP_ELEMENT_BF16, SKIP_ELEMENT_TF32}) {
      CAPTURE(dims, element);
      Filter filter(dims, element);
      REQUIRE(filter.pack() == SKIP_OK);
      CHECK(filter.wrong() == 0);
    }
}

TEST_CASE("krsc: a linear layer behind a flatten meets its picture as it lies") {
  // out 2, C 3, H 2, W 2: the file's row is [C][H][W], what is stored [H][W][C].
  Filter filter({2, 3, 2, 2}, SKIP_ELEMENT_F32);
  filter.gamma = {1, 1};
  for (size_t i = 0; i < filter.weights.size(); ++i)
    filter.weights[i] = static_cast<float>(i);
  REQUIRE(filter.pack() == SKIP_OK);
  std::vector<float> first;
  for (int64_t i = 0; i < 16; ++i)
    first.push_back(filter.at(i));
  CHECK(first == std::vector<float>{0, 4, 8, 0, 1, 5, 9, 0, 2, 6, 10, 0, 3, 7, 11, 0});
}

TEST_CASE("krsc: a second entry is added in float32 and rounded again") {
  Filter filter({4, 5, 3, 3}, SKIP_ELEMENT_BF16);
  SkipLoad loads[] = {filter.load, filter.load};
  loads[1].accumulate = 1;
  filter.copy.target.loads = loads;
  filter.copy.target.loadCount = 2;
  REQUIRE(filter.pack() == SKIP_OK);
  Filter once({4, 5, 3, 3}, SKIP_ELEMENT_BF16);
  REQUIRE(once.pack() == SKIP_OK);
  for (int64_t i = 0; i < 4 * 9 * 8; ++i)
    CHECK(filter.at(i) == Approx(2 * once.at(i)).epsilon(0x1p-7).margin(0));
}

TEST_CASE("krsc: what float16 cannot hold is told with its tensors") {
  Filter filter({2, 3, 1, 1}, SKIP_ELEMENT_F16);
  filter.gamma[1] = 1;
  filter.weights[4] = 65519.0f; // rounds to the largest
  REQUIRE(filter.pack() == SKIP_OK);
  CHECK(filter.at(9) == 65504.0f);
  filter.weights[4] = 65520.0f;
  CHECK_FAILS(filter.pack(), SKIP_BAD_WEIGHTS, "gives NaN or infinity in float16, from:\n  `w`\n  `gamma`");
  Filter wide({2, 3, 1, 1}, SKIP_ELEMENT_BF16);
  wide.gamma[1] = 1;
  wide.weights[4] = 65520.0f;
  CHECK(wide.pack() == SKIP_OK);
}

TEST_CASE("krsc: a packed file's numbers are looked at as what they are") {
  Filter filter({2, 3, 1, 1}, SKIP_ELEMENT_F16);
  REQUIRE(filter.pack() == SKIP_OK);
  PackedHeader header = packedHeader(filter.copy.target);
  std::string file(reinterpret_cast<const char *>(&header), sizeof header);
  file.append(reinterpret_cast<const char *>(filter.bytes.data()), filter.bytes.size());
  auto check = [&] { return checkPacked(filter.copy.image, filter.copy.target, file.data(), file.size(), "p"); };
  CHECK(check() == SKIP_OK);
  ElementF16::write(reinterpret_cast<uint8_t *>(file.data()) + sizeof header + 2, INFINITY);
  CHECK_FAILS(check(), SKIP_BAD_WEIGHTS, "1 of 16 values, the first is inf at byte 66");
}

TEST_CASE("krsc: entries that contradict themselves are refused") {
  Filter filter({4, 5, 3, 3}, SKIP_ELEMENT_F32);
  auto check = [&] { return checkLoadTable(filter.copy.image, filter.copy.target); };
  CHECK(check() == SKIP_OK);
  filter.load.element = SKIP_ELEMENT_BF16; // of other bytes
  CHECK_FAILS(check(), SKIP_INVALID_ARGUMENT, "contradicts");
  filter.load.element = SKIP_ELEMENT_TF32 + 1;
  CHECK_FAILS(check(), SKIP_INVALID_ARGUMENT, "contradicts");
  filter.load.element = SKIP_ELEMENT_F32;
  filter.load.balance = 1;
  CHECK_FAILS(check(), SKIP_INVALID_ARGUMENT, "contradicts");
}

TEST_CASE("every number is written as the nearest one of 16 bits, of two the even one") {
  int64_t wrong = 0;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    uint8_t read[2] = {static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8)}, written[2];
    float value = ElementF16::read(read);
    if (std::isfinite(value)) {
      ElementF16::write(written, value);
      wrong += std::memcmp(read, written, 2) != 0;
    }
    if (float wide = ElementBF16::read(read); !std::isnan(wide)) {
      ElementBF16::write(written, wide);
      wrong += std::memcmp(read, written, 2) != 0;
    }
  }
  CHECK(wrong == 0);
  for (uint32_t bits = 0; bits < 0x7BFF; ++bits) { // halfway to the next one, and beside
    uint8_t low[2] = {static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8)}, written[2];
    uint8_t high[2] = {static_cast<uint8_t>(bits + 1), static_cast<uint8_t>((bits + 1) >> 8)};
    float middle = (ElementF16::read(low) + ElementF16::read(high)) / 2;
    ElementF16::write(written, middle);
    wrong += std::memcmp(written, bits % 2 == 0 ? low : high, 2) != 0;
    ElementF16::write(written, std::nextafter(middle, 0.0f));
    wrong += std::memcmp(written, low, 2) != 0;
    ElementF16::write(written, std::nextafter(middle, 1e9f));
    wrong += std::memcmp(written, high, 2) != 0;
  }
  CHECK(wrong == 0);
  uint8_t nan[2];
  ElementBF16::write(nan, std::bit_cast<float>(0x7FFFFFFFu));
  CHECK(std::isnan(ElementBF16::read(nan)));
}

TEST_CASE("krsc: tf32 has 10 bits of mantissa, rounded to nearest and of two away from zero") {
  for (auto [value, want] : {std::pair{1.0f + 0x1p-11f, 1.0f + 0x1p-10f},
                             {-1.0f - 0x1p-11f, -1.0f - 0x1p-10f},
                             {1.0f + 0x1p-12f, 1.0f},
                             {0x1.fffp0f, 2.0f},
                             {3.0f, 3.0f},
                             {0.0f, 0.0f}}) {
    uint8_t bytes[4];
    ElementTF32::write(bytes, value);
    CHECK(ElementTF32::read(bytes) == want);
  }
}
