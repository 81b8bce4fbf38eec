// The gradients of general convolutions, for any groups: each lane has a channel, from which its group and so the channels that
// it meets follow. What a lane needs of the filter and of the other picture is gathered from where it lies:
//
//   dx   lane = input channel c, group g = c / I, i = c % I; of the j-th output o = g O + j of the group: w[o][i][tap], dy[o]
//   dw   lane = output channel o, group g = o / O; of the i-th input: x[g I + i]
//
// with O and I the channels of a group. Two gathers a multiplication, or one: slow beside Conv2dGradFilter's tiles, and right
// for depthwise and for single groups alike. A unit's sums are its own; those of a filter are made row by row.
#include "codegen/x86/kernel/FamilyGradients.h"
#include "codegen/x86/kernel/Gather.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Position = std::array<Value, 3>;

static Value sum(Builder &b, Value x, Value y) { return arith::AddIOp::create(b.op, x, y); }
static Value product(Builder &b, Value x, Value y) { return arith::MulIOp::create(b.op, x, y); }
static Value quotient(Builder &b, Value x, Value y) { return arith::DivUIOp::create(b.op, x, y); }
static Value rest(Builder &b, Value x, Value y) { return arith::RemUIOp::create(b.op, x, y); }
static Value both(Builder &b, Value x, Value y) { return arith::AndIOp::create(b.op, x, y); }

static Value lowest(Builder &b, Value x, Value y) { return arith::MinSIOp::create(b.op, x, y); }

static Value everywhere(Builder &b, int64_t value) { return skip::kernel::everywhere(b, b.constant(value)); }

/// In elements, where element (o, i, tap 0) of the filter lies, and how far its taps are apart; lanes of o and i.
struct FilterPlaces {
  Value offsets;
  int64_t tapDistance;
};

static FilterPlaces filterPlaces(Builder &b, const GeneralWindows &windows, Value o, Value i, Value groupInputs) {
  Value sixteen = everywhere(b, kLanes), block = quotient(b, o, sixteen), lane = rest(b, o, sixteen);
  int64_t taps = windows.kernelHeight * windows.kernelWidth;
  if (!windows.wholeBlocks) { // [oc/16][i][tap][16]
    Value row = sum(b, product(b, block, skip::kernel::everywhere(b, groupInputs)), i);
    return {sum(b, product(b, row, everywhere(b, taps * kLanes)), lane), kLanes};
  }
  // [oc/16][ic/16][tap][16][16]
  Value inBlocks = skip::kernel::everywhere(b, b.ceilDiv(groupInputs, kLanes));
  Value pair = sum(b, product(b, block, inBlocks), quotient(b, i, sixteen));
  Value inside = sum(b, product(b, rest(b, i, sixteen), sixteen), lane);
  return {sum(b, product(b, pair, everywhere(b, taps * kLanes * kLanes)), inside), kLanes * kLanes};
}

/// The output along an axis whose tap `tap` reads `place`, and whether there is one.
static std::pair<Value, Value> outputAt(Builder &b, Value place, Value tap, int64_t stride, int64_t dilation, Value before,
                                        Value outputs) {
  Value distance = b.sub(b.add(place, before), b.mul(tap, dilation));
  Value isInside = b.less(b.constant(-1), distance), clamped = b.max(distance, b.constant(0));
  Value index = b.divide(clamped, b.constant(stride));
  Value isWhole = b.equal(b.mul(index, stride), clamped);
  return {index, both(b, both(b, isInside, isWhole), b.less(index, outputs))};
}

void skip::kernel::emitGeneralGradInput(mlir::ModuleOp module, llvm::StringRef name, const GeneralGradInputSpec &spec) {
  using P = GeneralGradInputParam;
  const GeneralWindows &w = spec.windows;
  constexpr StrideParams out = {P::outImage, P::outBlock, P::outRow};
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position at) {
    Value inputs = b.param(P::groupInputs), outputs = b.param(P::groupOutputs),
          last = b.sub(b.param(P::inChannels), b.constant(1));
    Value channel = lowest(b, lanesAsIntegers(b, b.mul(at[1], kLanes)), everywhere(b, last));
    Value group = quotient(b, channel, everywhere(b, inputs)), i = rest(b, channel, everywhere(b, inputs));
    Value firstOutput = product(b, group, everywhere(b, outputs)),
          exists = lanesBelow(b, b.sub(b.param(P::inChannels), b.mul(at[1], kLanes)));
    Value dy = b.at(b.operand(0), b.mul(at[0], b.param(P::dyImage)));
    Value to = rowPointer(b, b.operand(2), out, at);
    b.loop(b.constant(0), b.param(P::inColumns), 1, [&](Value x) {
      Values total = b.loop(b.constant(0), b.constant(w.kernelHeight), 1, b.splat(0.0f), [&](Value r, ValueRange rows) {
        auto [p, isRow] = outputAt(b, at[2], r, w.strideRows, w.dilationRows, b.param(P::top), b.param(P::outRows));
        return b.loop(
            b.constant(0), b.constant(w.kernelWidth), 1, rows, [&, p = p, isRow = isRow](Value s, ValueRange columns) {
              auto [q, isColumn] =
                  outputAt(b, x, s, w.strideColumns, w.dilationColumns, b.param(P::left), b.param(P::outColumns));
              Value pixel = b.at(dy, b.add(b.mul(p, b.param(P::dyRow)), b.mul(q, kLanes)));
              Value tap = b.add(b.mul(r, w.kernelWidth), s);
              auto multiply = [&] {
                return b.loop(b.constant(0), outputs, 1, columns, [&](Value j, ValueRange carried) {
                  Value o = sum(b, firstOutput, everywhere(b, j));
                  FilterPlaces places = filterPlaces(b, w, o, i, inputs);
                  Value factor = gather(b, placesOf(b, b.at(b.operand(1), b.mul(tap, places.tapDistance)), places.offsets));
                  Value gradient = gather(b, placesOf(b, pixel, channelOffsets(b, o, b.param(P::dyBlock))));
                  return Values{b.fma(gradient, factor, carried[0])};
                });
              };
              return b.when(both(b, isRow, isColumn), multiply, [&] { return Values(columns); });
            });
      });
      b.store(select(b, exists, total[0], b.splat(0.0f)), b.at(to, b.mul(x, kLanes)));
    });
    writeHalo(b, b.operand(2), out, P::outHalo, b.param(P::inRows), b.param(P::inColumns), at);
  });
  b.finish();
}

/// The outputs [first, last) along an axis whose tap reads inside of the picture: 0 <= p * stride + shift < size.
static std::pair<Value, Value> outputsInside(Builder &b, Value shift, int64_t stride, Value size, Value outputs) {
  Value zero = b.constant(0), first = b.ceilDiv(b.max(zero, b.sub(zero, shift)), stride);
  Value last = b.ceilDiv(b.max(zero, b.sub(size, shift)), stride);
  return {first, b.max(first, b.min(last, outputs))};
}

void skip::kernel::emitGeneralGradFilter(mlir::ModuleOp module, llvm::StringRef name, const GeneralGradFilterSpec &spec) {
  using P = GeneralGradFilterParam;
  const GeneralWindows &w = spec.windows;
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position at) {
    Value inputs = b.param(P::groupInputs), channels = b.param(P::outChannels), last = b.sub(channels, b.constant(1));
    Value o = lowest(b, lanesAsIntegers(b, b.mul(at[0], kLanes)), everywhere(b, last));
    Value group = quotient(b, o, everywhere(b, b.param(P::groupOutputs)));
    Value depth = b.min(at[1], b.sub(inputs, b.constant(1))); // what fills a block up is zero
    Value channel = sum(b, product(b, group, everywhere(b, inputs)), everywhere(b, depth));
    Value offsets = channelOffsets(b, channel, b.param(P::xBlock));
    Value r = b.divide(at[2], b.constant(w.kernelWidth)), s = b.modulo(at[2], b.constant(w.kernelWidth));
    Value down = b.sub(b.mul(r, w.dilationRows), b.param(P::top)), right = b.sub(b.mul(s, w.dilationColumns), b.param(P::left));
    auto [firstRow, lastRow] = outputsInside(b, down, w.strideRows, b.param(P::inRows), b.param(P::outRows));
    auto [firstColumn, lastColumn] = outputsInside(b, right, w.strideColumns, b.param(P::inColumns), b.param(P::outColumns));
    Values total =
        b.loop(b.constant(0), b.param(P::images), 1, b.splat(0.0f),
               [&, firstRow = firstRow, lastRow = lastRow, firstColumn = firstColumn,
                lastColumn = lastColumn](Value n, ValueRange images) {
                 Value dy = b.at(b.operand(0), b.add(b.mul(n, b.param(P::dyImage)), b.mul(at[0], b.param(P::dyBlock))));
                 Value x = b.at(b.operand(1), b.mul(n, b.param(P::xImage)));
                 return b.loop(firstRow, lastRow, 1, images, [&](Value p, ValueRange rows) {
                   Value gradients = b.at(dy, b.mul(p, b.param(P::dyRow)));
                   Value pixels = b.at(x, b.mul(b.add(b.mul(p, w.strideRows), down), b.param(P::xRow)));
                   Values row = b.loop(firstColumn, lastColumn, 1, b.splat(0.0f), [&](Value q, ValueRange carried) {
                     Value pixel = b.at(pixels, b.mul(b.add(b.mul(q, w.strideColumns), right), kLanes));
                     return Values{
                         b.fma(gather(b, placesOf(b, pixel, offsets)), b.load(b.at(gradients, b.mul(q, kLanes))), carried[0])};
                   });
                   return Values{plus(b, rows[0], row[0])};
                 });
               });
    Value exists = lanesBelow(b, b.sub(channels, b.mul(at[0], kLanes)));
    Value isInput = everyLane(b, b.less(at[1], inputs)), zero = b.splat(0.0f);
    Value value = select(b, both(b, exists, isInput), total[0], zero);
    int64_t taps = w.kernelHeight * w.kernelWidth;
    Value place;
    if (w.wholeBlocks) {
      Value block = b.divide(at[1], b.constant(kLanes)), lane = b.modulo(at[1], b.constant(kLanes));
      Value pair = b.add(b.mul(at[0], b.ceilDiv(inputs, kLanes)), block);
      place = b.add(b.mul(b.add(b.mul(pair, taps), at[2]), kLanes * kLanes), b.mul(lane, kLanes));
    } else {
      place = b.mul(b.add(b.mul(b.add(b.mul(at[0], inputs), at[1]), taps), at[2]), kLanes);
    }
    b.store(value, b.at(b.operand(2), place));
  });
  b.finish();
}
