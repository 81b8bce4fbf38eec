// Moments of single channels, and normalization by those of groups of channels.
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Places.h"

using namespace skip;
using namespace skip::nvptx;

/// In each lane of a vector of channels, the sum over the image's pixels of what `term` makes of a vector of them, in the order
/// that all warps have.
static Values overPixels(Builder &b, const Picture &picture, const Array &from, Value start,
                         llvm::function_ref<Value(Value value, size_t lane)> term) {
  Values zeros(picture.lanes(), b.floatConstant(0));
  Values sums =
      b.loop(b.modulo(b.thread(), kWarp), b.constant(picture.pixels()), kWarp, zeros, [&](Value pixel, ValueRange carried) {
        Values next, read = b.loadVector(from, b.add(start, b.mul(pixel, picture.pixelElements())), picture.lanes());
        for (auto [lane, value] : llvm::enumerate(read))
          next.push_back(b.plus(carried[lane], term(value, lane)));
        return next;
      });
  for (Value &sum : sums)
    sum = b.acrossWarp(sum, [&](Value x, Value y) { return b.plus(x, y); });
  return sums;
}

/// In two passes over the image, of which the second sums up squares of what is left when the mean is taken off.
void nvptx::emitMoments(Builder &b, const MomentsSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &picture = spec.input;
  Picture result{picture.channels, 2, 1};
  Array from{operands[0], picture.element};
  forPoint(b, blocks, picture.vectors(), [&](Value point) {
    Value image = b.divide(point, picture.vectors()), channel = b.mul(b.modulo(point, picture.vectors()), picture.lanes());
    Value start = b.add(b.mul(image, picture.elements()), channel);
    Values means = overPixels(b, picture, from, start, [](Value value, size_t) { return value; });
    for (Value &mean : means)
      mean = b.quotient(mean, b.floatConstant(static_cast<float>(picture.pixels())));
    Values squares = overPixels(b, picture, from, start, [&](Value value, size_t lane) {
      Value distance = b.minus(value, means[lane]);
      return b.times(distance, distance);
    });
    b.when(b.below(b.modulo(b.thread(), kWarp), 1), [&] {
      for (auto [row, values] : llvm::enumerate(std::array{means, squares}))
        for (int64_t first = 0; first < picture.lanes(); first += kVector) { // 16 bytes of the input may be two of floats
          Value each = b.add(channel, first);
          b.when(b.below(each, result.pixelElements()), [&] {
            b.storeFloats(ValueRange(values).slice(first, kVector), operands[1],
                          offsetOf(b, result, image, b.constant(static_cast<int64_t>(row)), each));
          });
        }
    });
  });
}

namespace {
/// What a group's values are multiplied by, behind the mean.
struct Group {
  Value mean, inverse;
};
} // namespace

/// Of the group of channel `channel`.
static Group groupOf(Builder &b, const GroupNormSpec &spec, Value moments, Value image, Value channel) {
  int64_t size = spec.picture.channels / spec.groups, pixels = spec.picture.pixels();
  Picture stored{spec.picture.channels, 2, 1};
  Value first = b.mul(b.divide(channel, size), size), zero = b.floatConstant(0);
  Value means = offsetOf(b, stored, image, b.constant(0), first), squares = offsetOf(b, stored, image, b.constant(1), first);
  Value sum = b.loop(b.constant(0), b.constant(size), 1, zero, [&](Value i, ValueRange carried) {
    return Values{b.plus(carried[0], b.load(moments, b.add(means, i)))};
  })[0];
  Value mean = b.quotient(sum, b.floatConstant(static_cast<float>(size)));
  Value all = b.loop(b.constant(0), b.constant(size), 1, zero, [&](Value i, ValueRange carried) {
    Value distance = b.minus(b.load(moments, b.add(means, i)), mean);
    Value ofChannel =
        b.fma(b.times(distance, distance), b.floatConstant(static_cast<float>(pixels)), b.load(moments, b.add(squares, i)));
    return Values{b.plus(carried[0], ofChannel)};
  })[0];
  Value variance = b.quotient(all, b.floatConstant(static_cast<float>(size * pixels)));
  Value deviation = b.squareRoot(b.plus(variance, b.floatConstant(static_cast<float>(spec.epsilon))));
  return {mean, b.quotient(b.floatConstant(1), deviation)};
}

/// Of each lane of the vector of channels that begins with `channel`; lanes that are no channels have the last one's.
static llvm::SmallVector<Group> groupsOf(Builder &b, const GroupNormSpec &spec, Value moments, Value image, Value channel) {
  int64_t lanes = spec.picture.lanes();
  if (spec.picture.channels / spec.groups % lanes == 0)
    return llvm::SmallVector<Group>(lanes, groupOf(b, spec, moments, image, channel));
  Value last = b.constant(spec.picture.channels - 1);
  llvm::SmallVector<Group> groups;
  for (int64_t lane = 0; lane < lanes; ++lane)
    groups.push_back(groupOf(b, spec, moments, image, b.min(b.add(channel, lane), last)));
  return groups;
}

/// Neighbouring threads take neighbouring vectors of channels, and each some pixels, for which it reads its group once.
void nvptx::emitGroupNorm(Builder &b, const GroupNormSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &picture = spec.picture;
  Array from{operands[0], picture.element}, to{operands.back(), picture.element};
  int64_t lanes = picture.lanes();
  forPoint(b, blocks, picture.vectors() * spec.runs(), [&](Value point) {
    Value channel = b.mul(b.modulo(point, picture.vectors()), lanes), rest = b.divide(point, picture.vectors());
    Value image = b.divide(rest, spec.runs()), first = b.mul(b.modulo(rest, spec.runs()), GroupNormSpec::pixelsOfRun);
    llvm::SmallVector<Group> groups = groupsOf(b, spec, operands[1], image, channel);
    Values gamma = b.loadVector({operands[2]}, channel, lanes), beta = b.loadVector({operands[3]}, channel, lanes);
    Value end = b.min(b.add(first, GroupNormSpec::pixelsOfRun), b.constant(picture.pixels()));
    b.loop(first, end, 1, {}, [&](Value pixel, ValueRange) {
      Value offset = offsetOf(b, picture, image, pixel, channel);
      Values values = b.loadVector(from, offset, lanes);
      for (auto [lane, value] : llvm::enumerate(values))
        value = b.fma(b.times(b.minus(value, groups[lane].mean), groups[lane].inverse), gamma[lane], beta[lane]);
      values = applyChain(b, spec.epilogue, operands.drop_front(4).drop_back(), picture, values, offset, channel);
      b.storeVector(zeroPadding(b, values, channel, picture.channels), to, offset);
      return Values();
    });
  });
}
