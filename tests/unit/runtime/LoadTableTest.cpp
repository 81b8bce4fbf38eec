// The load table against its formulas in Abi.h, written down as naively as can be.
#include "runtime/Balance.h"
#include "runtime/Element.h"
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <tuple>

using namespace test;
using namespace skip::runtime;

namespace {
/// A model that is nothing but a load table: tensors w, b, gamma, beta, mean, var, and whatever entries are added.
class Table {
public:
  Table(int64_t oc, int64_t ic, int64_t kh, int64_t kw) : dims{oc, ic, kh, kw} {
    add("w", {oc, ic, kh, kw}, 1);
    for (const char *name : {"b", "gamma", "beta", "mean", "var"})
      add(name, {oc}, static_cast<uint32_t>(2 + values.size()));
    for (float &value : values[5])
      value = value * value + 0.25f;
  }

  /// An entry of all tensors that its kind reads; `which` are indexes of w, b, gamma, beta, mean, var, or -1.
  SkipLoad &entry(SkipLoadKind kind, std::vector<int32_t> which, int64_t icBlock = 1, uint32_t accumulate = 0) {
    int64_t lanes = (dims[0] + 15) / 16 * 16, depth = (dims[1] + icBlock - 1) / icBlock * icBlock;
    bool isConv = kind == SKIP_LOAD_CONV_WEIGHT;
    uint64_t bytes = static_cast<uint64_t>(isConv ? lanes * depth * dims[2] * dims[3] : lanes) * 4;
    SkipLoad load = {.kind = kind,
                     .accumulate = accumulate,
                     .offset = segmentBytes,
                     .bytes = bytes,
                     .dims = {dims[0], 1, 1, 1},
                     .layout = isConv ? icBlock == 16 ? SKIP_LAYOUT_FILTER16 : SKIP_LAYOUT_FILTER1 : SKIP_LAYOUT_VECTOR,
                     .epsilon = 1e-3,
                     .source = -1,
                     .bias = -1,
                     .gamma = -1,
                     .beta = -1,
                     .mean = -1,
                     .variance = -1};
    if (isConv)
      std::copy(dims, dims + 4, load.dims);
    int32_t *fields[] = {&load.source, &load.bias, &load.gamma, &load.beta, &load.mean, &load.variance};
    for (size_t i = 0; i < which.size(); ++i)
      *fields[i] = which[i];
    segmentBytes += bytes;
    return loads.emplace_back(load);
  }

  /// Packs from a file of tensors that `write` makes of names, dims and values.
  std::vector<float> pack(TensorBytes (*write)(const std::string &, std::vector<int64_t>, const std::vector<float> &) = f32) {
    std::vector<TensorBytes> file;
    for (size_t i = 0; i < tensors.size(); ++i)
      file.push_back(write(tensors[i].name, {tensors[i].dims, tensors[i].dims + tensors[i].rank}, values[i]));
    std::string bytes(1, 'x'); // one byte before the file, so that nothing in it is aligned
    bytes += safetensors(file);
    Owned<float> segment(static_cast<float *>(allocateAligned(segmentBytes)));
    std::memset(segment.get(), 0xFF, segmentBytes);
    ImageCopy copy;
    describe(copy);
    INFO(skipmodel_last_error());
    REQUIRE(packWeights(copy.image, copy.target, bytes.data() + 1, bytes.size() - 1, "x", segment.get()) == SKIP_OK);
    return std::vector<float>(segment.get(), segment.get() + segmentBytes / 4);
  }

  void describe(ImageCopy &copy) const {
    copy.image.tensors = tensors.data();
    copy.image.tensorCount = static_cast<uint32_t>(tensors.size());
    copy.target.loads = loads.data();
    copy.target.loadCount = static_cast<uint32_t>(loads.size());
    copy.target.norms = norms.data();
    copy.target.normCount = static_cast<uint32_t>(norms.size());
    copy.target.weightsBytes = segmentBytes;
  }

  skip_status check() const {
    ImageCopy copy;
    describe(copy);
    return checkLoadTable(copy.image, copy.target);
  }

  /// gamma / sqrt(variance + epsilon), or 1.
  double scale(int64_t oc, bool folded = true) const { return folded ? values[2][oc] / std::sqrt(values[5][oc] + 1e-3) : 1; }

  int64_t dims[4];
  std::vector<SkipTensor> tensors;
  std::vector<SkipLoad> loads;
  std::vector<SkipNorm> norms;
  std::vector<std::vector<float>> values;
  uint64_t segmentBytes = 0;

private:
  void add(const char *name, std::vector<int64_t> shape, uint32_t seed) {
    SkipTensor tensor = {name, static_cast<int32_t>(shape.size()), 0, {}};
    std::copy(shape.begin(), shape.end(), tensor.dims);
    tensors.push_back(tensor);
    int64_t count = 1;
    for (int64_t dim : shape)
      count *= dim;
    values.push_back(noise(static_cast<size_t>(count), seed));
  }
};

/// [oc/16][ic/icBlock][kh][kw][icBlock][16], element by element.
std::vector<float> naiveConv(const Table &t, int64_t icBlock, bool folded) {
  auto [oc, ic, kh, kw] = t.dims;
  int64_t ocBlocks = (oc + 15) / 16, icBlocks = (ic + icBlock - 1) / icBlock;
  std::vector<float> packed(static_cast<size_t>(ocBlocks * icBlocks * kh * kw * icBlock * 16), 0.0f);
  for (int64_t o = 0; o < oc; ++o)
    for (int64_t i = 0; i < ic; ++i)
      for (int64_t y = 0; y < kh; ++y)
        for (int64_t x = 0; x < kw; ++x) {
          int64_t at = ((((o / 16 * icBlocks + i / icBlock) * kh + y) * kw + x) * icBlock + i % icBlock) * 16 + o % 16;
          packed[at] = static_cast<float>(t.values[0][((o * ic + i) * kh + y) * kw + x] * t.scale(o, folded));
        }
  return packed;
}
} // namespace

static constexpr int32_t none = SKIP_NO_TENSOR;

TEST_CASE("convolution weights are packed in blocks, padded with zeros, and scaled") {
  int64_t shapes[][4] = {{1, 1, 1, 1},   {5, 3, 7, 7},   {16, 16, 3, 3}, {17, 33, 3, 3},
                         {40, 20, 1, 1}, {31, 16, 1, 5}, {64, 64, 3, 3}, {10, 70, 2, 3}};
  for (auto [oc, ic, kh, kw] : shapes)
    for (int64_t icBlock : {1, 16})
      for (bool folded : {false, true}) {
        CAPTURE(oc, ic, kh, kw, icBlock, folded);
        Table table(oc, ic, kh, kw);
        if (folded)
          table.entry(SKIP_LOAD_CONV_WEIGHT, {0, none, 2, none, none, 5}, icBlock);
        else
          table.entry(SKIP_LOAD_CONV_WEIGHT, {0}, icBlock);
        CHECK((table.pack() == naiveConv(table, icBlock, folded))); // thousands of values are no message
      }
}

TEST_CASE("a bias takes what is given: beta + (bias - mean) * scale") {
  Table table(21, 1, 1, 1);
  table.entry(SKIP_LOAD_BIAS, {none, 1, 2, 3, 4, 5});
  table.entry(SKIP_LOAD_BIAS, {none, none, 2, 3, 4, 5});
  table.entry(SKIP_LOAD_BIAS, {none, 1});
  table.entry(SKIP_LOAD_SCALE, {none, none, 2, none, none, 5});
  std::vector<float> packed = table.pack();
  REQUIRE(packed.size() == 4 * 32);
  const auto &[w, b, gamma, beta, mean, var] =
      std::tie(table.values[0], table.values[1], table.values[2], table.values[3], table.values[4], table.values[5]);
  for (int64_t c = 0; c < 32; ++c) {
    bool real = c < 21;
    CHECK(packed[c] == (real ? static_cast<float>(beta[c] + (double{b[c]} - mean[c]) * table.scale(c)) : 0.0f));
    CHECK(packed[32 + c] == (real ? static_cast<float>(beta[c] + (0.0 - mean[c]) * table.scale(c)) : 0.0f));
    CHECK(packed[64 + c] == (real ? b[c] : 0.0f));
    CHECK(packed[96 + c] == (real ? static_cast<float>(table.scale(c)) : 0.0f));
  }
}

TEST_CASE("accumulate adds to what earlier entries wrote") {
  Table table(18, 4, 3, 1);
  table.entry(SKIP_LOAD_CONV_WEIGHT, {0, none, 2, none, none, 5}, 16);
  table.entry(SKIP_LOAD_BIAS, {none, 1, 2, 3, 4, 5});
  SkipLoad weights = table.loads[0], bias = table.loads[1];
  weights.accumulate = bias.accumulate = 1;
  weights.gamma = weights.variance = none;
  bias.gamma = bias.beta = bias.mean = bias.variance = none;
  table.loads.push_back(weights);
  table.loads.push_back(bias);
  std::vector<float> packed = table.pack(), scaled = naiveConv(table, 16, true), plain = naiveConv(table, 16, false);
  for (size_t i = 0; i < scaled.size(); ++i)
    CHECK(packed[i] == scaled[i] + plain[i]);
  for (int64_t c = 0; c < 18; ++c) {
    double first = table.values[3][c] + (double{table.values[1][c]} - table.values[4][c]) * table.scale(c);
    CHECK(packed[scaled.size() + c] == static_cast<float>(first) + table.values[1][c]);
  }
}

TEST_CASE("half-precision checkpoints are read as what they say") {
  for (auto write : {bf16, f16})
    for (int64_t icBlock : {1, 16}) {
      Table table(19, 5, 3, 3);
      for (std::vector<float> &values : table.values)
        for (float &value : values)
          value = std::round(value * 64) / 64; // exact in both types
      for (float &value : table.values[5])
        value += 0.25f;
      table.entry(SKIP_LOAD_CONV_WEIGHT, {0, none, 2, none, none, 5}, icBlock);
      CHECK((table.pack(write) == naiveConv(table, icBlock, true)));
    }
}

TEST_CASE("all 65536 half-precision values convert exactly") {
  int64_t wrong = 0;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    uint8_t bytes[] = {static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8)};
    int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    float expected = static_cast<float>(bits >> 15 ? -magnitude : magnitude), value = ElementF16::read(bytes);
    if (exponent == 31)
      wrong += mantissa ? !std::isnan(value) : value != (bits >> 15 ? -INFINITY : INFINITY);
    else
      wrong += std::bit_cast<uint32_t>(value) != std::bit_cast<uint32_t>(expected);
    wrong += std::bit_cast<uint32_t>(ElementBF16::read(bytes)) != bits << 16;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a load table that contradicts itself is refused before it writes") {
  struct Case {
    const char *what;
    void (*spoil)(SkipLoad &);
  };
  Case cases[] = {
      {"offset beyond", [](SkipLoad &load) { load.offset = 1 << 20; }},
      {"offset that wraps", [](SkipLoad &load) { load.offset = ~uint64_t{63}; }},
      {"unaligned", [](SkipLoad &load) { load.offset = 4; }},
      {"bytes too few", [](SkipLoad &load) { load.bytes -= 64; }},
      {"bytes too many", [](SkipLoad &load) { load.bytes += 64; }},
      {"no dimension", [](SkipLoad &load) { load.dims[2] = 0; }},
      {"negative", [](SkipLoad &load) { load.dims[0] = -5; }},
      {"huge", [](SkipLoad &load) { load.dims[0] = load.dims[1] = INT32_MAX; }},
      {"not the tensor's", [](SkipLoad &load) { load.dims[1] += 1; }},
      {"no source", [](SkipLoad &load) { load.source = SKIP_NO_TENSOR; }},
      {"source beyond", [](SkipLoad &load) { load.source = 6; }},
      {"vector of another length", [](SkipLoad &load) { load.gamma = 0; }},
      {"unknown kind", [](SkipLoad &load) { load.kind = 77; }},
      {"a vector's layout", [](SkipLoad &load) { load.layout = SKIP_LAYOUT_VECTOR; }},
      {"unknown layout", [](SkipLoad &load) { load.layout = 9; }},
      {"another element", [](SkipLoad &load) { load.element = SKIP_ELEMENT_BF16; }},
      {"factors of a filter that is no point", [](SkipLoad &load) { load.balance = 1; }},
      {"factors for pairs that lie nowhere", [](SkipLoad &load) { load.balance = -1; }},
      {"batch norms that are not there", [](SkipLoad &load) { load.normCount = 1; }},
      {"batch norms beyond all", [](SkipLoad &load) { load.firstNorm = 1, load.normCount = UINT32_MAX; }},
  };
  for (const Case &spoiled : cases) {
    CAPTURE(spoiled.what);
    Table table(5, 3, 2, 2);
    table.entry(SKIP_LOAD_CONV_WEIGHT, {0, none, 2, none, none, 5}, 16);
    REQUIRE(table.check() == SKIP_OK);
    spoiled.spoil(table.loads[0]);
    CHECK_FAILS(table.check(), SKIP_INVALID_ARGUMENT, "entry 0 of model `tiny`'s load table contradicts");
  }
}

TEST_CASE("batch norms before a filter tell whether its channels may be added up") {
  Table table(32, 32, 1, 1);
  table.values[0][3 * 32 + 7] = 1e-3f; // of output 3 at input 7
  SkipLoad &load = table.entry(SKIP_LOAD_CONV_WEIGHT, {0}, 16);
  load.balance = 1;
  load.bytes += balanceFloats(2, 2) * 4;
  table.segmentBytes = load.bytes;
  auto flag = [&] { return table.pack()[32 * 32 + unlikeFlag(2, 2)]; };
  CHECK(flag() == 0);
  SkipNorm norm = {2, 3};
  table.norms = {norm};
  load.normCount = 1;
  CHECK(flag() == 0);
  for (size_t k = 0; k < 32; ++k)
    table.values[2][k] = table.values[3][k] = k == 7 ? 1.0f : 1e-3f;
  CHECK(flag() == 1);
  norm.beta = 0; // no vector
  table.norms = {norm};
  CHECK_FAILS(table.check(), SKIP_INVALID_ARGUMENT, "contradicts");
}
