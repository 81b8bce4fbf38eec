// The channels of several pictures, one behind the other.
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Places.h"

using namespace skip;
using namespace skip::nvptx;

namespace {
/// Where a channel of the result comes from.
struct Origin {
  Value pointer, offset;
};
} // namespace

/// Of the channel `channel`; one past the last has the last operand's place.
static Origin originOf(Builder &b, const ConcatSpec &spec, const Place &place, Value pixel, Value channel,
                       ValueRange operands) {
  Origin origin;
  int64_t first = 0;
  for (auto [input, pointer] : llvm::zip_equal(spec.inputs, operands)) {
    Value offset = offsetOf(b, input, place.image, pixel, b.sub(channel, b.constant(first)));
    if (!origin.pointer) {
      origin = {pointer, offset};
    } else {
      Value isBefore = b.below(channel, first);
      origin = {b.select(isBefore, origin.pointer, pointer), b.select(isBefore, origin.offset, offset)};
    }
    first += input.channels;
  }
  return origin;
}

/// Whether each vector of the result is one of an operand.
static bool areWholeVectors(const ConcatSpec &spec) {
  return llvm::all_of(llvm::ArrayRef(spec.inputs).drop_back(),
                      [](const Picture &input) { return input.channels % input.lanes() == 0; });
}

void nvptx::emitConcat(Builder &b, const ConcatSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &result = spec.result;
  ValueRange inputs = operands.drop_back();
  forPoint(b, blocks, result.pixels() * result.vectors(), [&](Value point) {
    Place place = placeOf(b, result, point);
    Value pixel = b.add(b.mul(place.y, result.width), place.x);
    Values values;
    if (areWholeVectors(spec)) {
      Origin origin = originOf(b, spec, place, pixel, place.channel, inputs);
      values = b.loadVector({origin.pointer, result.element}, origin.offset, result.lanes());
    } else {
      Value last = b.constant(result.channels - 1);
      for (int64_t lane = 0; lane < result.lanes(); ++lane) {
        Origin origin = originOf(b, spec, place, pixel, b.min(b.add(place.channel, lane), last), inputs);
        values.push_back(b.load({origin.pointer, result.element}, origin.offset));
      }
      values = zeroPadding(b, values, place.channel, result.channels);
    }
    b.storeVector(values, {operands.back(), result.element}, b.mul(point, result.lanes()));
  });
}
