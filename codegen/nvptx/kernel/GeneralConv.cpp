// Convolutions of groups, dilated ones, and such whose strides or padding differ from side to side. Each thread computes a
// vector of channels of a pixel; its sums go over the window's taps, of each over the group's channels.
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Places.h"

using namespace skip;
using namespace skip::nvptx;

namespace {
class GeneralConv {
public:
  GeneralConv(Builder &b, const GeneralConvSpec &spec, ValueRange operands)
      : b(b), spec(spec), input{operands[0], spec.input.element}, filter{operands[1], spec.input.element}, operands(operands) {}

  void emit(Value point);

private:
  int64_t lanes() const { return spec.result.lanes(); }
  int64_t groupInputs() const { return spec.input.channels / spec.groups; }
  int64_t groupOutputs() const { return spec.result.channels / spec.groups; }
  /// Of a tap of an output channel, as the filter lies.
  int64_t tapElements() const { return (groupInputs() + lanes() - 1) / lanes() * lanes(); }
  int64_t taps() const { return spec.window.kernelHeight * spec.window.kernelWidth; }
  bool isDepthwise() const { return groupInputs() == 1 && groupOutputs() == 1; }
  /// Whether all lanes have one group, whose input channels are whole vectors.
  bool isOfVectors() const { return groupInputs() % lanes() == 0 && (spec.groups == 1 || groupOutputs() % lanes() == 0); }

  Values initialSums(Value channel);
  /// The filter's values for a tap and the output channel of `lane`.
  Value filterStart(const Place &place, const Tap &tap, int64_t lane);
  Values addDepthwise(const Place &place, const Tap &tap, ValueRange sums);
  Values addVectors(const Place &place, const Tap &tap, ValueRange sums);
  Values addSingles(const Place &place, const Tap &tap, ValueRange sums);
  Values addTap(const Place &place, const Tap &tap, ValueRange sums);

  Builder &b;
  const GeneralConvSpec &spec;
  Array input, filter;
  ValueRange operands;
};
} // namespace

Values GeneralConv::initialSums(Value channel) {
  return spec.bias ? b.loadVector({operands[2]}, channel, lanes()) : Values(lanes(), b.floatConstant(0));
}

/// Lanes that are no channels have the last one's.
static Value channelOf(Builder &b, const Picture &result, Value first, int64_t lane) {
  Value channel = b.add(first, lane);
  return result.channels % result.lanes() == 0 ? channel : b.min(channel, b.constant(result.channels - 1));
}

Value GeneralConv::filterStart(const Place &place, const Tap &tap, int64_t lane) {
  Value channel = channelOf(b, spec.result, place.channel, lane);
  return b.mul(b.add(b.mul(channel, taps()), tap.index), tapElements());
}

/// Channel by channel of the input's vector, with a number of the filter each.
Values GeneralConv::addDepthwise(const Place &place, const Tap &tap, ValueRange sums) {
  Values next, read = b.loadVector(input, offsetOf(b, spec.input, place.image, tap.pixel, place.channel), lanes());
  for (int64_t lane = 0; lane < lanes(); ++lane)
    next.push_back(b.fma(read[lane], b.load(filter, filterStart(place, tap, lane)), sums[lane]));
  return next;
}

/// A vector of the group's input channels at a time.
Values GeneralConv::addVectors(const Place &place, const Tap &tap, ValueRange sums) {
  Value group = spec.groups == 1 ? b.constant(0) : b.divide(place.channel, groupOutputs());
  Value start = offsetOf(b, spec.input, place.image, tap.pixel, b.mul(group, groupInputs()));
  return b.loop(b.constant(0), b.constant(groupInputs()), lanes(), sums, [&](Value i, ValueRange carried) {
    Values next, read = b.loadVector(input, b.add(start, i), lanes());
    for (int64_t lane = 0; lane < lanes(); ++lane) {
      Value sum = carried[lane];
      for (auto [value, factor] : llvm::zip_equal(read, b.loadVector(filter, b.add(filterStart(place, tap, lane), i), lanes())))
        sum = b.fma(value, factor, sum);
      next.push_back(sum);
    }
    return next;
  });
}

Values GeneralConv::addSingles(const Place &place, const Tap &tap, ValueRange sums) {
  Values inputs, filters;
  for (int64_t lane = 0; lane < lanes(); ++lane) {
    Value group = b.divide(channelOf(b, spec.result, place.channel, lane), groupOutputs());
    inputs.push_back(offsetOf(b, spec.input, place.image, tap.pixel, b.mul(group, groupInputs())));
    filters.push_back(filterStart(place, tap, lane));
  }
  return b.loop(b.constant(0), b.constant(groupInputs()), 1, sums, [&](Value i, ValueRange carried) {
    Values next;
    for (int64_t lane = 0; lane < lanes(); ++lane)
      next.push_back(b.fma(b.load(input, b.add(inputs[lane], i)), b.load(filter, b.add(filters[lane], i)), carried[lane]));
    return next;
  });
}

/// What lies outside of the picture is read at its first pixel, and adds nothing.
Values GeneralConv::addTap(const Place &place, const Tap &tap, ValueRange sums) {
  Values added = isDepthwise()   ? addDepthwise(place, tap, sums)
                 : isOfVectors() ? addVectors(place, tap, sums)
                                 : addSingles(place, tap, sums);
  for (auto [next, old] : llvm::zip_equal(added, sums))
    next = b.select(tap.isInside, next, old);
  return added;
}

void GeneralConv::emit(Value point) {
  Place place = placeOf(b, spec.result, point);
  Values sums = forTaps(b, spec.input, spec.window, place, initialSums(place.channel),
                        [&](const Tap &tap, ValueRange carried) { return addTap(place, tap, carried); });
  Value offset = b.mul(point, lanes());
  ValueRange chain = operands.drop_front(2 + spec.bias).drop_back();
  sums = applyChain(b, spec.epilogue, chain, spec.result, sums, offset, place.channel);
  b.storeVector(zeroPadding(b, sums, place.channel, spec.result.channels), {operands.back(), spec.result.element}, offset);
}

void nvptx::emitGeneralConv(Builder &b, const GeneralConvSpec &spec, const Blocks &blocks, ValueRange operands) {
  GeneralConv conv(b, spec, operands);
  forPoint(b, blocks, spec.result.pixels() * spec.result.vectors(), [&](Value point) { conv.emit(point); });
}
