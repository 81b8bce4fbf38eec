// Transformed filters against their definition: the filter's polynomial evaluated at the points, and what the transform is for.
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"
#include "runtime/WinogradPoints.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <cmath>
#include <vector>

using namespace test;
using namespace skip;
using namespace skip::runtime;

/// The finite points in order; infinity comes after them.
static std::vector<double> finitePoints(int64_t tile) {
  WinogradPoints points = winogradPoints(tile);
  std::vector<double> list = {0};
  for (int i = 0; i < points.count; ++i)
    list.insert(list.end(), {points.pairs[i], -points.pairs[i]});
  return list;
}

/// Row `index` of G.
static std::vector<double> filterRow(int64_t tile, int64_t index) {
  std::vector<double> points = finitePoints(tile);
  if (index == int64_t(points.size()))
    return {0, 0, 1};
  double a = points[index], distance = 1;
  for (double other : points)
    distance *= other == a ? 1 : a - other;
  return {1 / distance, a / distance, a * a / distance};
}

namespace {
/// A load table of one transformed filter [oc][ic][3][3] with batch norm.
class Table {
public:
  Table(int64_t oc, int64_t ic, int64_t tile) : oc(oc), ic(ic), tile(tile) {
    weights = noise(static_cast<size_t>(oc * ic * 9), 1);
    gamma = noise(static_cast<size_t>(oc), 2);
    variance = noise(static_cast<size_t>(oc), 3);
    for (float &value : variance)
      value = value * value + 0.25f;
    tensors[0] = {"w", 4, 0, {oc, ic, 3, 3}};
    tensors[1] = {"gamma", 1, 0, {oc}};
    tensors[2] = {"variance", 1, 0, {oc}};
    load.kind = SKIP_LOAD_WINOGRAD_WEIGHT;
    load.bytes = static_cast<uint64_t>((tile + 2) * (tile + 2) * blocks(oc) * blocks(ic) * 256 * 4);
    int64_t dims[4] = {oc, ic, 3, 3};
    std::copy(dims, dims + 4, load.dims);
    load.winogradTile = tile;
    load.epsilon = 1e-3;
    load.gamma = 1;
    load.variance = 2;
    load.bias = load.beta = load.mean = SKIP_NO_TENSOR;
  }

  SkipModelImage image(uint32_t entries = 1) {
    loads = {load, load};
    loads[1].accumulate = 1;
    SkipModelImage image = skipModelImage;
    image.tensors = tensors;
    image.tensorCount = 3;
    image.loads = loads.data();
    image.loadCount = entries;
    image.weightsBytes = load.bytes;
    return image;
  }

  std::vector<float> pack(TensorBytes (*write)(const std::string &, std::vector<int64_t>, const std::vector<float> &) = f32,
                          uint32_t entries = 1) {
    std::string file =
        safetensors({write("w", {oc, ic, 3, 3}, weights), write("gamma", {oc}, gamma), write("variance", {oc}, variance)});
    Owned<float> segment(static_cast<float *>(allocateAligned(load.bytes)));
    SkipModelImage model = image(entries);
    INFO(skipmodel_last_error());
    REQUIRE(packWeights(model, file.data(), file.size(), "x", segment.get()) == SKIP_OK);
    return std::vector<float>(segment.get(), segment.get() + load.bytes / 4);
  }

  static int64_t blocks(int64_t channels) { return (channels + 15) / 16; }
  int64_t indexOf(int64_t position, int64_t o, int64_t i) const {
    return (((position * blocks(oc) + o / 16) * blocks(ic) + i / 16) * 16 + i % 16) * 16 + o % 16;
  }

  double scale(int64_t o) const { return gamma[o] / std::sqrt(variance[o] + 1e-3); }

  /// G w[o][i] G^T * scale[o] at row a, column b.
  double want(int64_t a, int64_t b, int64_t o, int64_t i) const {
    std::vector<double> left = filterRow(tile, a), right = filterRow(tile, b);
    double sum = 0;
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t s = 0; s < 3; ++s)
        sum += left[r] * right[s] * weights[(o * ic + i) * 9 + r * 3 + s];
    return sum * scale(o);
  }

  int64_t oc, ic, tile;
  std::vector<float> weights, gamma, variance;
  SkipLoad load = {};

private:
  SkipTensor tensors[3];
  std::vector<SkipLoad> loads;
};
} // namespace

/// The largest difference from the definition, in units of the largest value; padding must be zero.
static double worstError(const Table &table, const std::vector<float> &packed, double factor = 1) {
  int64_t n = table.tile + 2;
  double worst = 0, largest = 0;
  for (int64_t a = 0; a < n; ++a)
    for (int64_t b = 0; b < n; ++b)
      for (int64_t o = 0; o < Table::blocks(table.oc) * 16; ++o)
        for (int64_t i = 0; i < Table::blocks(table.ic) * 16; ++i) {
          double want = o < table.oc && i < table.ic ? factor * table.want(a, b, o, i) : 0;
          double difference = std::abs(packed[table.indexOf(a * n + b, o, i)] - want);
          if (o >= table.oc || i >= table.ic)
            REQUIRE(difference == 0);
          worst = std::max(worst, difference);
          largest = std::max(largest, std::abs(want));
        }
  return worst / largest;
}

TEST_CASE("winograd filters are G w G^T times the folded scale, rounded once, padded with zeros") {
  for (int64_t tile : {2, 4, 6})
    for (auto [oc, ic] : {std::pair(1, 1), {5, 3}, {16, 16}, {17, 33}, {48, 20}}) {
      CAPTURE(tile, oc, ic);
      Table table(oc, ic, tile);
      CHECK(worstError(table, table.pack()) < 6.1e-8); // half a unit in the last place
    }
}

TEST_CASE("winograd filters accumulate, and read half precision") {
  Table table(20, 18, 4);
  CHECK(worstError(table, table.pack(f32, 2), 2) < 1.3e-7);
  for (auto write : {bf16, f16}) {
    Table halves(20, 18, 4);
    for (std::vector<float> *values : {&halves.weights, &halves.gamma, &halves.variance})
      for (float &value : *values)
        value = std::round(value * 64) / 64; // exact in both types
    for (float &value : halves.variance)
      value += 0.25f;
    CHECK(worstError(halves, halves.pack(write)) < 6.1e-8);
  }
}

/// The coefficients of the product of (x - a) over the points but `without`, from x^0 up.
static std::vector<double> product(const std::vector<double> &points, int64_t without) {
  std::vector<double> result = {1};
  for (int64_t i = 0; i < int64_t(points.size()); ++i) {
    if (i == without)
      continue;
    result.push_back(0);
    for (size_t k = result.size() - 1; k > 0; --k)
      result[k] = result[k - 1] - points[i] * result[k];
    result[0] *= -points[i];
  }
  return result;
}

TEST_CASE("the points' matrices compute a one-dimensional convolution") {
  for (int64_t tile : {2, 4, 6}) {
    std::vector<double> points = finitePoints(tile);
    std::vector<float> d = noise(static_cast<size_t>(tile + 2), 4), g = noise(3, 5);
    std::vector<double> y(tile, 0.0);
    for (int64_t p = 0; p < tile + 2; ++p) {
      std::vector<double> row = product(points, p), filter = filterRow(tile, p);
      double x = 0, w = 0;
      for (size_t k = 0; k < row.size(); ++k)
        x += row[k] * d[k];
      for (int64_t k = 0; k < 3; ++k)
        w += filter[k] * g[k];
      for (int64_t i = 0; i < tile; ++i)
        y[i] += x * w * (p == tile + 1 ? double(i == tile - 1) : std::pow(points[p], double(i)));
    }
    for (int64_t i = 0; i < tile; ++i)
      CHECK(y[i] == Approx(d[i] * g[0] + d[i + 1] * g[1] + d[i + 2] * g[2]).margin(1e-12));
  }
}

TEST_CASE("a winograd entry that makes no sense is refused") {
  struct Case {
    const char *what;
    void (*spoil)(SkipLoad &);
  };
  Case cases[] = {
      {"odd tile", [](SkipLoad &load) { load.winogradTile = 3; }},
      {"huge tile", [](SkipLoad &load) { load.winogradTile = INT64_MAX; }},
      {"another tile", [](SkipLoad &load) { load.winogradTile = 6; }},
      {"not 3x3", [](SkipLoad &load) { load.dims[2] = 1, load.dims[3] = 9; }},
      {"no source", [](SkipLoad &load) { load.source = SKIP_NO_TENSOR; }},
  };
  for (const Case &spoiled : cases) {
    CAPTURE(spoiled.what);
    Table table(5, 3, 4);
    REQUIRE(checkLoadTable(table.image()) == SKIP_OK);
    spoiled.spoil(table.load);
    CHECK_FAILS(checkLoadTable(table.image()), SKIP_INVALID_ARGUMENT, "entry 0 of model `tiny`'s load table contradicts");
  }
}
