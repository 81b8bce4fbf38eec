// M of an element bounds what is lost by rounding on the way to it, whatever cancels there: its error is at most a factor times
// M. For a convolution M = sum |x||w| + |b|, which is the operation itself on absolute values; so it is for all that is linear,
// or takes a maximum. A convolution by Winograd adds pixels of a tile's window to each other before it multiplies:
//
//   M = sum over channels of (max |x| of the window) (sum |w| of the taps) + |b|         for all outputs of the tile
//
// which is a 1x1 convolution over tiles. Of a filter's gradient by Winograd the pixels of dy stand for the taps, M = sum over
// images and tiles of (max |x| of the window) (sum |dy| of the tile) for all taps. Strassen's products add two rows of pixels,
// and to an input channel and an output channel those of their pairs, multiplied by powers of two that make them count alike
// (runtime/Balance.h). With weights r = |w| / (a b), a the size of the input and b of the output channel, and partners k' and
// j':
//
//   M = sum over k of (|x[k]| + |x[k] of the other row|) a[k] b[j] (r[k][j] + r[k'][j] + r[k][j'] + r[k'][j']) + |b|
//
// The factor. A sum of n terms in single precision (u = 2^-24) is off by n u M at the very most, and by some sqrt(n) u M where
// the roundings are independent (Higham and Mary, 2019): (8 + 2 sqrt(n)) u is taken. Terms that are all alike round alike, so
// that they come near the former. At the very most, too,
//
//   Strassen  4 (n / 2 + 12) u M: a result is the sum of up to four products, each of half the channels and no larger than M,
//             whose operands are sums of up to four
//   tensor    4 n u M more: an instruction cuts each of its addends, and their sum, by less than 2 u of the largest
//   cores
//   Winograd  (c + 40) u times what its transforms may blow up (WinogradGrowth.h), c the products that are summed: channels,
//             times four phases with stride 2; of a filter's gradient its terms
//
// Operations of training have rules of their own (TrainingMagnitude.cpp).
#include "tools/verifying/Magnitude.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/reference/Convolution.h"
#include "tools/text/Failure.h"
#include "tools/verifying/FamilyMagnitude.h"
#include "tools/verifying/TrainingMagnitude.h"
#include "tools/verifying/WinogradGrowth.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace skip;
using mlir::Operation;
using reference::Tensor;
using tool::Measured;
using tool::StepAlgorithms;

static constexpr double unit = 0x1p-24;
static constexpr double strassenBound = 2e-6; // docs/verification.md
/// Of plan::errorBoundOf, which is of the largest value; seen on ResNets: 1.7e-7 of 5e-6, 3.2e-7 of 1e-5, 1.5e-6 of 2e-5.
static constexpr double winogradShare = 0.25;

/// What a filter is called by: its parameter, also where that is scaled; where a step makes it, its value's name.
static std::string filterName(mlir::Value filter) {
  if (auto scaled = filter.getDefiningOp<graph::ScaleFilterOp>())
    return filterName(scaled.getFilter());
  if (auto load = filter.getDefiningOp<plan::LoadOp>())
    return load.getSource().value_or("").str();
  auto read = filter.getDefiningOp<graph::ReadParameterOp>();
  return read ? read.getParameter().str() : graph::valueName(filter);
}

static int64_t termsOf(Operation &op, int64_t batch) {
  if (std::optional<int64_t> terms = tool::trainingTerms(op, batch))
    return *terms;
  if (std::optional<int64_t> terms = tool::familyTerms(op, batch))
    return *terms;
  auto count = [](mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getNumElements(); };
  return llvm::TypeSwitch<Operation *, int64_t>(&op)
      .Case([&](graph::Contraction contraction) {
        auto type = llvm::cast<mlir::RankedTensorType>(contraction.getFilter().getType());
        return count(contraction.getFilter()) / type.getDimSize(0) + 2;
      })
      .Case([](graph::GlobalAvgPoolOp pool) {
        auto type = llvm::cast<mlir::RankedTensorType>(pool.getX().getType());
        return type.getDimSize(2) * type.getDimSize(3);
      })
      .Case([](graph::SoftmaxOp softmax) {
        return llvm::cast<mlir::RankedTensorType>(softmax.getX().getType()).getDimSize(1) + 2;
      })
      .Default([](Operation *) { return 2; });
}

static std::optional<tool::StrassenPairs> pairsOf(plan::KernelOp kernel, plan::TargetInterface target, llvm::StringRef column) {
  llvm::SmallVector<llvm::StringRef> columns = target.columns();
  size_t index = llvm::find(columns, column) - columns.begin();
  if (!kernel.getSchedules() || index >= kernel.getSchedules()->size())
    return std::nullopt;
  auto schedule = llvm::dyn_cast<plan::X86ConvAttr>((*kernel.getSchedules())[index]);
  if (!schedule || !target.addsPairs(schedule))
    return std::nullopt;
  int64_t lanes = plan::lanesOf(target.nativeLayout());
  return tool::StrassenPairs{target.pairDistance(kernel) * lanes, schedule.getOcBlocks() * lanes};
}

StepAlgorithms::StepAlgorithms(plan::KernelOp kernel, llvm::ArrayRef<std::string> columns) : precision(kernel) {
  auto batch = kernel->getParentOp()->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr);
  for (Operation &op : kernel.getBody().front())
    terms += termsOf(op, batch ? batch.getInt() : 1);
  for (const plan::ContractionView &view : plan::contractionsOf(kernel))
    if (view.winograd) {
      tiles[filterName(kernel.getInputs()[view.filter.getArgNumber()])] = view.winograd.getTile();
      winograd = winogradShare * plan::errorBoundOf(kernel);
      int64_t sums = view.inChannels * view.stride * view.stride, taps = (view.kernelHeight + view.stride - 1) / view.stride;
      winogradAtMost =
          std::max(winogradAtMost, static_cast<double>(sums + 40) * unit * winogradGrowth(view.winograd.getTile(), taps));
    }
  for (auto gradient : kernel.getBody().getOps<graph::Conv2dGradFilterOp>())
    if (auto algorithm = gradient->getAttrOfType<plan::WinogradAttr>(plan::algorithmAttr)) {
      gradientTile = algorithm.getTile();
      winograd = winogradShare * plan::errorBound(gradientTile + int64_t(gradient.getKernelHeight()) - 1);
      winogradAtMost =
          static_cast<double>(terms + 40) * unit * winogradGrowth(int64_t(gradient.getKernelHeight()), gradientTile);
    }
  mlir::FailureOr<plan::TargetInterface> target = plan::targetOf(kernel);
  for (const std::string &column : columns)
    strassen.push_back(succeeded(target) ? pairsOf(kernel, *target, column) : std::nullopt);
}

double StepAlgorithms::elementBound(size_t body) const {
  double direct = (8 + 2 * std::sqrt(static_cast<double>(terms))) * unit;
  return std::max({direct, winograd, strassen[body] ? strassenBound : 0}) + precision.stored + precision.multiplied +
         precision.truncated;
}

double StepAlgorithms::elementAtMost(size_t body) const {
  double count = static_cast<double>(terms), ofStrassen = strassen[body] ? 4 * (count / 2 + 12) * unit : 0;
  double rounded = precision.stored + precision.multiplied + (precision.isNarrow() ? 4 * count * unit : 0);
  return std::max(elementBound(body), count * unit + winogradAtMost + ofStrassen + rounded);
}

Tensor tool::absolute(const Tensor &x) {
  Tensor y = x;
  for (double &value : y.data)
    value = std::abs(value);
  return y;
}

namespace {
/// Tiles of a Winograd convolution along one axis, and the part of the input that each reads.
struct TileAxis {
  int64_t tile, stride, kernel, padding, input, output;

  int64_t count() const { return (output + tile - 1) / tile; }
  int64_t begin(int64_t t) const { return std::max<int64_t>(0, t * tile * stride - padding); }
  int64_t end(int64_t t) const { return std::min(input, t * tile * stride - padding + (tile - 1) * stride + kernel); }
};
} // namespace

/// [N, I, tile rows, tile columns]
static Tensor largestOfWindows(const Tensor &x, const TileAxis &rows, const TileAxis &columns) {
  Tensor largest({x.dim(0), x.dim(1), rows.count(), columns.count()});
  int64_t index = 0;
  for (int64_t plane = 0; plane < x.dim(0) * x.dim(1); ++plane)
    for (int64_t p = 0; p < rows.count(); ++p)
      for (int64_t q = 0; q < columns.count(); ++q, ++index)
        for (int64_t h = rows.begin(p); h < rows.end(p); ++h)
          for (int64_t w = columns.begin(q); w < columns.end(q); ++w)
            largest.data[index] = std::max(largest.data[index], x.data[(plane * rows.input + h) * columns.input + w]);
  return largest;
}

/// [N, O, tile rows, tile columns]: sums of a tile's pixels.
static Tensor sumsOfTiles(const Tensor &dy, int64_t tile) {
  int64_t height = dy.dim(2), width = dy.dim(3), rows = (height + tile - 1) / tile, columns = (width + tile - 1) / tile;
  Tensor sums({dy.dim(0), dy.dim(1), rows, columns});
  for (int64_t i = 0; i < dy.size(); ++i)
    sums.data[(i / (height * width) * rows + i / width % height / tile) * columns + i % width / tile] += dy.data[i];
  return sums;
}

static Tensor sumOfTaps(const Tensor &filter) {
  Tensor sums({filter.dim(0), filter.dim(1), 1, 1});
  int64_t taps = filter.dim(2) * filter.dim(3);
  for (int64_t i = 0; i < filter.size(); ++i)
    sums.data[i / taps] += filter.data[i];
  return sums;
}

/// Each tile's value at all of its outputs.
static Tensor spread(const Tensor &tiles, const Tensor &result, int64_t tile) {
  Tensor y(result.shape);
  int64_t height = y.dim(2), width = y.dim(3);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = tiles.data[(i / (height * width) * tiles.dim(2) + i / width % height / tile) * tiles.dim(3) + i % width / tile];
  return y;
}

static Tensor winogradMagnitude(graph::Conv2dOp op, llvm::ArrayRef<const Tensor *> in, const Tensor &result, int64_t tile) {
  int64_t stride = op.getStride(), padding = op.getPadding();
  TileAxis rows{tile, stride, in[1]->dim(2), padding, in[0]->dim(2), result.dim(2)};
  TileAxis columns{tile, stride, in[1]->dim(3), padding, in[0]->dim(3), result.dim(3)};
  Tensor tiles =
      reference::convolve(largestOfWindows(*in[0], rows, columns), sumOfTaps(*in[1]), in.size() > 2 ? in[2] : nullptr, 1, 0);
  return spread(tiles, result, tile);
}

/// A tile's gradient for all taps: the sum of its pixels times the largest of its window.
static Tensor winogradGradientMagnitude(graph::Conv2dGradFilterOp op, llvm::ArrayRef<const Tensor *> in, const Tensor &result,
                                        int64_t tile) {
  int64_t taps = result.dim(2), padding = op.getPadding();
  TileAxis rows{tile, 1, taps, padding, in[1]->dim(2), in[0]->dim(2)};
  TileAxis columns{tile, 1, taps, padding, in[1]->dim(3), in[0]->dim(3)};
  Tensor tiles = reference::convolveGradFilter(sumsOfTiles(*in[0], tile), largestOfWindows(*in[1], rows, columns), 1, 1, 1, 0);
  return spread(tiles, result, taps);
}

/// Each row's and its neighbour's, of rows 2i and 2i + 1.
static Tensor withRowPairs(const Tensor &x) {
  Tensor y = x;
  int64_t height = y.dim(2), width = y.dim(3);
  for (int64_t i = 0; i < y.size(); ++i)
    if (int64_t row = i / width % height, other = row ^ 1; other < height)
      y.data[i] += x.data[i + (other - row) * width];
  return y;
}

/// The power of two nearest to what is the square's root; 1 for zero.
static double sizeOf(double square) { return square > 0 ? std::exp2(std::round(std::log2(square) / 2)) : 1; }

/// sizes[k] of a matrix's columns over rows that are divided by `rows`, or of its rows over columns.
static std::vector<double> sizesOf(const Tensor &filter, bool ofColumns, const std::vector<double> &others) {
  int64_t outputs = filter.dim(0), inputs = filter.dim(1);
  std::vector<double> squares(ofColumns ? inputs : outputs);
  for (int64_t i = 0; i < filter.size(); ++i) {
    double rest = filter.data[i] / others[ofColumns ? i / inputs : i % inputs];
    squares[ofColumns ? i % inputs : i / inputs] += rest * rest / double(ofColumns ? outputs : inputs);
  }
  for (double &square : squares)
    square = sizeOf(square);
  return squares;
}

/// The weights with those of their pairs.
static Tensor withPairs(const Tensor &filter, tool::StrassenPairs pairs) {
  int64_t outputs = filter.dim(0), inputs = filter.dim(1);
  std::vector<double> in = sizesOf(filter, true, std::vector<double>(outputs, 1)), out = sizesOf(filter, false, in);
  in = sizesOf(filter, true, out);
  auto rest = [&](int64_t j, int64_t k) { // beyond the last are channels that do not exist
    return j < outputs && k < inputs ? filter.data[j * inputs + k] / (out[j] * in[k]) : 0;
  };
  auto partner = [](int64_t channel, int64_t distance) {
    return channel / distance % 2 ? channel - distance : channel + distance;
  };
  Tensor all(filter.shape);
  for (int64_t i = 0; i < filter.size(); ++i) {
    int64_t j = i / inputs, k = i % inputs, pairedJ = partner(j, pairs.outputs), pairedK = partner(k, pairs.inputs);
    all.data[i] = (rest(j, k) + rest(j, pairedK) + rest(pairedJ, k) + rest(pairedJ, pairedK)) * out[j] * in[k];
  }
  return all;
}

static Tensor strassenMagnitude(graph::Conv2dOp op, llvm::ArrayRef<const Tensor *> in, tool::StrassenPairs pairs) {
  Tensor filter = withPairs(*in[1], pairs);
  llvm::SmallVector<const Tensor *> operands(in);
  operands[1] = &filter;
  return withRowPairs(op.compute(operands));
}

static Tensor batchNormMagnitude(graph::BatchNormOp op, llvm::ArrayRef<const Tensor *> in) {
  Tensor y = *in[0];
  int64_t channels = y.dim(1), plane = y.size() / std::max<int64_t>(1, y.dim(0) * channels);
  for (int64_t i = 0; i < y.size();) {
    int64_t c = i / plane % channels;
    double scale = in[1]->data[c] / std::sqrt(in[4]->data[c] + op.getEpsilon().convertToDouble());
    for (int64_t end = i + plane; i < end; ++i)
      y.data[i] = (y.data[i] + in[3]->data[c]) * scale + in[2]->data[c];
  }
  return y;
}

/// exp(x - max) / sum: an error of d in the exponents is one of 2 d in the quotient, of its own size.
static Tensor softmaxMagnitude(const Tensor &x, const Tensor &result) {
  Tensor y = result;
  int64_t classes = y.dim(1);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    double largest = *std::max_element(x.data.begin() + n * classes, x.data.begin() + (n + 1) * classes);
    for (int64_t c = 0; c < classes; ++c)
      y.data[n * classes + c] *= 4 + 4 * largest;
  }
  return y;
}

llvm::Expected<Tensor> tool::magnitudeOf(mlir::OpResult value, llvm::ArrayRef<const Measured *> operands, const Tensor &result,
                                         const StepAlgorithms &algorithms) {
  Operation *op = value.getOwner();
  llvm::SmallVector<const Tensor *> in;
  for (const Measured *operand : operands)
    in.push_back(&operand->magnitude);
  if (auto conv = llvm::dyn_cast<graph::Conv2dOp>(op))
    if (auto found = algorithms.tiles.find(filterName(conv.getFilter())); found != algorithms.tiles.end())
      return winogradMagnitude(conv, in, result, found->second);
  if (auto conv = llvm::dyn_cast<graph::Conv2dOp>(op); conv && algorithms.pairs)
    return strassenMagnitude(conv, in, *algorithms.pairs);
  if (auto gradient = llvm::dyn_cast<graph::Conv2dGradFilterOp>(op); gradient && algorithms.gradientTile)
    return winogradGradientMagnitude(gradient, in, result, algorithms.gradientTile);
  if (auto norm = llvm::dyn_cast<graph::BatchNormOp>(op)) {
    Tensor variance = operands[4]->value; // under a root: as it is
    in[4] = &variance;
    return batchNormMagnitude(norm, in);
  }
  if (llvm::isa<graph::SoftmaxOp>(op))
    return softmaxMagnitude(*in[0], result);
  if (llvm::isa<graph::Conv2dOp, graph::LinearOp, graph::ReluOp, graph::AddOp, graph::DropoutOp, graph::MaxPoolOp,
                graph::GlobalAvgPoolOp, graph::SubsampleOp, graph::PadChannelsOp, graph::FlattenOp>(op))
    return std::move(llvm::cast<graph::Evaluable>(op).evaluate(in)[value.getResultNumber()]);
  if (std::optional<Tensor> ofFamily = familyMagnitude(value, operands, result))
    return std::move(*ofFamily);
  if (std::optional<Tensor> ofTraining = trainingMagnitude(value, operands, result))
    return std::move(*ofTraining);
  return internalError("verify", "no rule says how far `" + op->getName().getStringRef() + "` may be off");
}

double tool::elementError(const Tensor &compiled, const Tensor &reference, const Tensor &magnitude, int64_t terms,
                          double smallest) {
  if (compiled.shape != reference.shape || compiled.shape != magnitude.shape)
    return std::numeric_limits<double>::quiet_NaN();
  double flushed = static_cast<double>(terms) * 0x1p-126 + smallest, worst = 0;
  for (int64_t i = 0; i < compiled.size(); ++i) {
    double distance = std::abs(compiled.data[i] - reference.data[i]);
    if (std::isnan(distance) || std::isnan(magnitude.data[i]))
      return std::numeric_limits<double>::quiet_NaN();
    if (distance > flushed)
      worst = std::max(worst, (distance - flushed) / magnitude.data[i]);
  }
  return worst;
}
