// Resize: along each dimension an output lies between two inputs, at a place that depends on the mode. Of the modes, those that
// frameworks write for nearest and linear are computed; cubic ones, crops and antialiasing are errors.
#include "tools/import/Operation.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

namespace {
enum class Places { Unknown, HalfPixel, PytorchHalfPixel, AlignCorners, Asymmetric };
enum class Rounding { Unknown, PreferFloor, PreferCeil, Floor, Ceil };

struct Modes {
  bool isLinear;
  Places places;
  Rounding rounding;
};

/// One output's two inputs along one dimension, and how much the second counts.
struct Between {
  int64_t first, second;
  double weight;
};
} // namespace

static double placeOf(Places places, double output, double scale, int64_t inputs, int64_t outputs) {
  switch (places) {
  case Places::AlignCorners:
    return outputs == 1 ? 0 : output * static_cast<double>(inputs - 1) / static_cast<double>(outputs - 1);
  case Places::Asymmetric:
    return output / scale;
  case Places::PytorchHalfPixel:
    return outputs > 1 ? (output + 0.5) / scale - 0.5 : 0;
  case Places::HalfPixel:
  case Places::Unknown:
    return (output + 0.5) / scale - 0.5;
  }
  return 0;
}

static double rounded(Rounding rounding, double place) {
  switch (rounding) {
  case Rounding::PreferFloor:
    return std::ceil(place - 0.5);
  case Rounding::PreferCeil:
    return std::floor(place + 0.5);
  case Rounding::Ceil:
    return std::ceil(place);
  case Rounding::Floor:
  case Rounding::Unknown:
    return std::floor(place);
  }
  return place;
}

static std::vector<Between> betweens(const Modes &modes, double scale, int64_t inputs, int64_t outputs) {
  std::vector<Between> all;
  auto last = static_cast<double>(inputs - 1);
  for (int64_t output = 0; output < outputs; ++output) {
    double place = placeOf(modes.places, static_cast<double>(output), scale, inputs, outputs);
    double first = modes.isLinear ? std::floor(place) : rounded(modes.rounding, place);
    double weight = modes.isLinear ? place - first : 0;
    auto clamped = [&](double at) { return static_cast<int64_t>(std::min(last, std::max(0.0, at))); };
    all.push_back({clamped(first), clamped(first + 1), weight});
  }
  return all;
}

static llvm::Expected<Modes> readModes(Operation &op) {
  std::string mode = op.attributes.text("mode", "nearest");
  Modes modes{mode == "linear",
              llvm::StringSwitch<Places>(op.attributes.text("coordinate_transformation_mode", "half_pixel"))
                  .Case("half_pixel", Places::HalfPixel)
                  .Case("pytorch_half_pixel", Places::PytorchHalfPixel)
                  .Case("align_corners", Places::AlignCorners)
                  .Case("asymmetric", Places::Asymmetric)
                  .Default(Places::Unknown),
              llvm::StringSwitch<Rounding>(op.attributes.text("nearest_mode", "round_prefer_floor"))
                  .Case("round_prefer_floor", Rounding::PreferFloor)
                  .Case("round_prefer_ceil", Rounding::PreferCeil)
                  .Case("floor", Rounding::Floor)
                  .Case("ceil", Rounding::Ceil)
                  .Default(Rounding::Unknown)};
  for (llvm::StringRef name : {"cubic_coeff_a", "extrapolation_value"})
    op.attributes.ignore(name);
  bool isOdd = op.attributes.integer("antialias", 0) != 0 || op.attributes.integer("exclude_outside", 0) != 0 ||
               op.attributes.has("axes") || op.attributes.text("keep_aspect_ratio_policy", "stretch") != "stretch";
  if (isOdd || (mode != "nearest" && mode != "linear") || modes.places == Places::Unknown ||
      modes.rounding == Rounding::Unknown)
    return op.fail("its modes are not known");
  return modes;
}

Results onnx::evaluateResize(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 4))
    return error;
  llvm::Expected<Modes> modes = readModes(op);
  if (!modes)
    return modes.takeError();
  const Tensor &x = op.tensor(0);
  bool hasScales = op.has(2) && op.tensor(2).size() > 0;
  if (!hasScales && !op.has(3))
    return op.fail("it has neither scales nor sizes");
  const std::vector<double> given = op.tensor(hasScales ? 2 : 3).data;
  if (x.shape.size() != 4 || given.size() != 4 || x.size() == 0)
    return op.fail("it is not of images");
  std::vector<int64_t> dims(4);
  std::vector<double> scales(4);
  for (size_t d = 0; d < 4; ++d) {
    auto size = static_cast<double>(x.shape[d]), larger = hasScales ? std::floor(size * given[d]) : given[d];
    if (!(larger >= 1 && larger <= INT32_MAX))
      return op.fail("a result of no such size");
    dims[d] = static_cast<int64_t>(larger);
    scales[d] = hasScales ? given[d] : larger / size;
  }
  if (dims[0] != x.dim(0) || dims[1] != x.dim(1))
    return op.fail("it changes the batch or the channels");
  llvm::Expected<Tensor> y = op.allocate(dims);
  if (!y)
    return y.takeError();
  std::vector<Between> rows = betweens(*modes, scales[2], x.dim(2), dims[2]),
                       columns = betweens(*modes, scales[3], x.dim(3), dims[3]);
  size_t i = 0;
  for (int64_t plane = 0; plane < dims[0] * dims[1]; ++plane)
    for (const Between &h : rows)
      for (const Between &w : columns) {
        auto at = [&](int64_t row, int64_t column) { return x.data[(plane * x.dim(2) + row) * x.dim(3) + column]; };
        auto along = [&](int64_t row) {
          return (1 - w.weight) * at(row, w.first) + (w.weight ? w.weight * at(row, w.second) : 0);
        };
        y->data[i++] = (1 - h.weight) * along(h.first) + (h.weight ? h.weight * along(h.second) : 0);
      }
  return one(std::move(*y));
}
