// Group norm, a block of channels at a time: what its channels are normalised by, then the pixels of all rows.
//
// The moments of single channels are there already, so that a group's are sums over its channels, in doubles. How these lie in
// lanes depends on the size of a group alone:
//
//   32, 48, ...    whole blocks of 16: these are added up, then the lanes of the sum
//   1, 2, 4, 8, 16 groups within a block: the lanes of each are added up in the order of a tree, all groups at once
//   3, 17, ...     groups that cut across blocks: each lane gathers the channels of its group, one after the other
#include "codegen/x86/kernel/GroupNorm.h"

#include "codegen/x86/kernel/Doubles.h"
#include "codegen/x86/kernel/Gather.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Param = GroupNormParam;
using Position = std::array<Value, 3>;
/// Of the mean and the sum of squared distances of a channel, in doubles.
using Term = llvm::function_ref<Value(Value mean, Value squares)>;

static constexpr int64_t kTile = 4;
static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};
static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};

static Value times(Builder &b, Value x, Value y) { return arith::MulFOp::create(b.op, x, y); }
static Value over(Builder &b, Value x, Value y) { return arith::DivFOp::create(b.op, x, y); }

/// In each lane the sum over the `width` lanes, a power of two, that it lies among.
static Value sumOfLanes(Builder &b, Value x, int64_t width) {
  for (int64_t distance = width / 2; distance > 0; distance /= 2) {
    llvm::SmallVector<int64_t, kLanes> partners;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      partners.push_back(lane ^ distance);
    x = plus(b, x, shuffle(b, x, x, partners));
  }
  return x;
}

static Value termOfBlock(Builder &b, Value moments, Value block, Term term) {
  Value at = b.at(moments, b.mul(block, b.param(Param::momentsBlock)));
  return term(toDoubles(b, b.load(at)), toDoubles(b, b.load(at, kLanes)));
}

/// For each lane the first channel of its group, those of channels that do not exist being the last one's.
static Value firstChannels(Builder &b, const GroupNormSpec &spec, Value block) {
  Value channels = lanesAsIntegers(b, b.mul(block, kLanes)), size = everywhere(b, b.constant(spec.groupChannels));
  Value last = everywhere(b, b.sub(b.param(Param::channels), b.constant(1)));
  Value group = arith::DivUIOp::create(b.op, Value(arith::MinSIOp::create(b.op, channels, last)), size);
  return arith::MulIOp::create(b.op, group, size);
}

/// In each lane of a block the sum of `term` over the channels of its group; `moments` are the image's.
static Value sumOverGroup(Builder &b, const GroupNormSpec &spec, Value moments, Value block, Term term) {
  int64_t size = spec.groupChannels;
  if (kLanes % size == 0)
    return sumOfLanes(b, termOfBlock(b, moments, block, term), size);
  if (size % kLanes == 0) {
    Value blocks = b.constant(size / kLanes), first = b.mul(b.divide(block, blocks), size / kLanes);
    Values sum = b.loop(b.constant(0), blocks, 1, doubles(b, 0.0), [&](Value i, ValueRange carried) {
      return Values{plus(b, carried[0], termOfBlock(b, moments, b.add(first, i), term))};
    });
    return sumOfLanes(b, sum[0], kLanes);
  }
  Value first = firstChannels(b, spec, block), momentsBlock = b.param(Param::momentsBlock);
  return b.loop(b.constant(0), b.constant(size), 1, doubles(b, 0.0), [&](Value i, ValueRange carried) {
    Value channels = arith::AddIOp::create(b.op, first, everywhere(b, i));
    Value places = placesOf(b, moments, channelOffsets(b, channels, momentsBlock));
    Value ofChannel = term(toDoubles(b, gather(b, places)), toDoubles(b, gatherAt(b, places, b.constant(kLanes))));
    return Values{plus(b, carried[0], ofChannel)};
  })[0];
}

namespace {
/// What a block's channels are normalised by: y = (x - mean) scale + shift.
struct Normal {
  Value mean, scale, shift;
};
} // namespace

static Normal normalOf(Builder &b, const GroupNormSpec &spec, Position position) {
  Value moments = b.at(b.operand(1), b.mul(position[0], b.param(Param::momentsImage))), block = position[1];
  Value size = doubles(b, static_cast<double>(spec.groupChannels));
  Value pixels = doubles(b, b.mul(b.param(Param::rows), b.param(Param::columns)));
  Value mean = over(b, sumOverGroup(b, spec, moments, block, [&](Value ofChannel, Value) { return ofChannel; }), size);
  Value squares = sumOverGroup(b, spec, moments, block, [&](Value ofChannel, Value distances) {
    Value distance = minus(b, ofChannel, mean);
    return plus(b, distances, times(b, pixels, times(b, distance, distance)));
  });
  Value variance = over(b, squares, times(b, pixels, size));
  Value channel = b.mul(block, kLanes), gamma = toDoubles(b, b.load(b.at(b.operand(2), channel)));
  Value scale = over(b, gamma, squareRoot(b, plus(b, variance, doubles(b, spec.epsilon))));
  return {toFloats(b, mean), toFloats(b, scale), b.load(b.at(b.operand(3), channel))};
}

static StrideParams chainStrides(unsigned tensor) {
  unsigned first = Param::count + 3 * tensor;
  return {first, first + 1, first + 2};
}

/// What the chain reads, positioned at the first pixel of a row.
static EpilogueSources sourcesOf(Builder &b, const GroupNormSpec &spec, Position position) {
  unsigned next = 4;
  EpilogueSources sources = loadSources(b, spec.epilogue, next, [&](Value pointer, unsigned tensor) {
    View row;
    row.pointer = rowPointer(b, pointer, chainStrides(tensor), position);
    return row;
  });
  for (Value &vector : sources.vectors)
    vector = b.at(vector, b.mul(position[1], kLanes));
  sources.lanes = existingLanes(b, spec.lastLanes, b.param(Param::blocks), position[1], 1);
  return sources;
}

/// All of a tile is read before any of it is written, for a tensor of the chain may lie where the result does.
static void emitRow(Builder &b, const GroupNormSpec &spec, const Normal &normal, Position position) {
  Value out = b.operand(4 + operandCount(spec.epilogue)), columns = b.param(Param::columns);
  Value inRow = rowPointer(b, b.operand(0), kIn, position), outRow = rowPointer(b, out, kOut, position);
  EpilogueSources row = sourcesOf(b, spec, position);
  forEachTile(b, b.constant(0), columns, kTile, [&](Value first, int64_t count) {
    Value offset = b.mul(first, kLanes), from = b.at(inRow, offset), to = b.at(outRow, offset);
    EpilogueSources sources = row;
    for (View &tensor : sources.tensors)
      if (!isOfImages(tensor))
        tensor.pointer = b.at(tensor.pointer, offset);
    Values pixels;
    for (int64_t pixel = 0; pixel < count; ++pixel) {
      Value value = b.fma(minus(b, b.load(from, pixel * kLanes), normal.mean), normal.scale, normal.shift);
      pixels.push_back(applyEpilogue(b, spec.epilogue, sources, value, {.pixel = pixel}));
    }
    for (int64_t pixel = 0; pixel < count; ++pixel)
      b.store(pixels[pixel], to, pixel * kLanes);
  });
  writeHalo(b, out, kOut, Param::outHalo, b.param(Param::rows), columns, position);
}

void skip::kernel::emitGroupNorm(mlir::ModuleOp module, llvm::StringRef name, const GroupNormSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    Normal normal = normalOf(b, spec, position);
    b.loop(b.constant(0), b.param(Param::rows), 1,
           [&](Value row) { emitRow(b, spec, normal, {position[0], position[1], row}); });
  });
  b.finish();
}
