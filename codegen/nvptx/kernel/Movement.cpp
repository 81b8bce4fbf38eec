// Kernels that only move values.
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Places.h"

using namespace skip;
using namespace skip::nvptx;

/// A vector of the result for neighbouring pixels in neighbouring threads, which then read neighbouring floats.
static void fromPlanar(Builder &b, const Picture &picture, Value point, ValueRange operands) {
  Value pixel = b.modulo(point, picture.pixels()), rest = b.divide(point, picture.pixels());
  Value channel = b.mul(b.modulo(rest, picture.vectors()), picture.lanes()), image = b.divide(rest, picture.vectors());
  Value plane = b.add(b.mul(image, picture.channels), channel);
  Values values;
  for (int64_t lane = 0; lane < picture.lanes(); ++lane)
    values.push_back(loadWhere(b, b.below(b.add(channel, lane), picture.channels), {operands[0]},
                               b.add(b.mul(b.add(plane, lane), picture.pixels()), pixel)));
  b.storeVector(values, {operands[1], picture.element}, offsetOf(b, picture, image, pixel, channel));
}

static void toPlanar(Builder &b, const Picture &picture, Value point, ValueRange operands) {
  Value pixel = b.modulo(point, picture.pixels()), plane = b.divide(point, picture.pixels());
  Value channel = b.modulo(plane, picture.channels), image = b.divide(plane, picture.channels);
  Array from{operands[0], picture.element};
  b.store(b.load(from, offsetOf(b, picture, image, pixel, channel)), operands[1], point);
}

void nvptx::emitRelayout(Builder &b, const RelayoutSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &picture = spec.picture;
  int64_t channels = spec.toPlanar ? picture.channels : picture.vectors();
  forPoint(b, blocks, picture.pixels() * channels, [&](Value point) {
    if (spec.fromPlanar && spec.toPlanar)
      b.store(b.load(operands[0], point), operands[1], point);
    else if (spec.toPlanar)
      toPlanar(b, picture, point, operands);
    else if (spec.fromPlanar)
      fromPlanar(b, picture, point, operands);
    else
      b.storeVector(b.loadVector({operands[0], picture.element}, b.mul(point, picture.lanes()), picture.lanes()),
                    {operands[1], picture.element}, b.mul(point, picture.lanes()));
  });
}

void nvptx::emitFlatten(Builder &b, const FlattenSpec &spec, const Blocks &blocks, ValueRange operands) {
  Picture result{spec.input.channels * spec.input.pixels(), 1, 1, spec.input.element};
  Array from{operands[0], spec.input.element};
  forPoint(b, blocks, result.vectors(), [&](Value point) {
    Value image = b.divide(point, result.vectors()), first = b.mul(b.modulo(point, result.vectors()), result.lanes());
    Values values;
    for (int64_t lane = 0; lane < result.lanes(); ++lane) {
      Value index = b.add(first, lane);
      Value pixel = b.modulo(index, spec.input.pixels()), channel = b.divide(index, spec.input.pixels());
      values.push_back(loadWhere(b, b.below(index, result.channels), from, offsetOf(b, spec.input, image, pixel, channel)));
    }
    b.storeVector(values, {operands[1], result.element}, b.mul(point, result.lanes()));
  });
}

void nvptx::emitUnflatten(Builder &b, const UnflattenSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &result = spec.result;
  Picture input{result.channels * result.pixels(), 1, 1, result.element};
  forPoint(b, blocks, result.pixels() * result.vectors(), [&](Value point) {
    Place place = placeOf(b, result, point);
    Value pixel = b.add(b.mul(place.y, result.width), place.x), start = b.add(b.mul(place.image, input.elements()), pixel);
    Values values;
    for (int64_t lane = 0; lane < result.lanes(); ++lane) {
      Value channel = b.add(place.channel, lane);
      values.push_back(loadWhere(b, b.below(channel, result.channels), {operands[0], input.element},
                                 b.add(start, b.mul(channel, result.pixels()))));
    }
    b.storeVector(values, {operands[1], result.element}, b.mul(point, result.lanes()));
  });
}

/// A vector of the result's channels at a pixel of the input. Those of whole vectors are a vector of the input, whose own
/// padding is zero; others are read one by one.
static Values paddedChannels(Builder &b, const PadChannelsSpec &spec, const Array &input, Value pixel, Value channel) {
  Values values;
  int64_t lanes = spec.input.lanes();
  Value from = b.sub(channel, b.constant(spec.before));
  if (spec.before % lanes == 0) {
    Value isInside = b.below(from, spec.input.pixelElements());
    Value offset = b.add(pixel, b.select(isInside, from, b.constant(0)));
    for (Value value : b.loadVector(input, offset, lanes))
      values.push_back(b.select(isInside, value, b.floatConstant(0)));
    return values;
  }
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Value each = b.add(from, lane);
    values.push_back(loadWhere(b, b.below(each, spec.input.channels), input, b.add(pixel, each)));
  }
  return values;
}

void nvptx::emitPadChannels(Builder &b, const PadChannelsSpec &spec, const Blocks &blocks, ValueRange operands) {
  forPoint(b, blocks, spec.result.pixels() * spec.result.vectors(), [&](Value point) {
    Place place = placeOf(b, spec.result, point);
    Value pixel = b.add(b.mul(b.mul(place.y, spec.stride), spec.input.width), b.mul(place.x, spec.stride));
    Value start = offsetOf(b, spec.input, place.image, pixel, b.constant(0));
    Values values = paddedChannels(b, spec, {operands[0], spec.input.element}, start, place.channel);
    b.storeVector(zeroPadding(b, values, place.channel, spec.result.channels), {operands[1], spec.result.element},
                  b.mul(point, spec.result.lanes()));
  });
}
