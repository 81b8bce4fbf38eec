// The elementwise operations, a vector at a time.
#include "codegen/nvptx/kernel/Emitters.h"

using namespace skip;
using namespace skip::nvptx;
using kernel::EpilogueOp;

static Value apply(Builder &b, const kernel::EpilogueStep &step, Value value, llvm::ArrayRef<Values> others, unsigned lane) {
  switch (step.op) {
  case EpilogueOp::Add:
  case EpilogueOp::Shift:
    return b.plus(value, others[0][lane]);
  case EpilogueOp::Relu:
    return b.relu(value);
  case EpilogueOp::ScaleShift:
    return b.fma(value, others[0][lane], others[1][lane]);
  case EpilogueOp::ReluGradInput: // a NaN is not below zero: the gradient passes
    return b.select(b.atMost(others[0][lane], b.floatConstant(0)), b.floatConstant(0), value);
  case EpilogueOp::ScaleAdd:
    return b.fma(value, others[1][lane], b.fma(others[0][lane], others[2][lane], others[3][lane]));
  case EpilogueOp::ScaleChannels:
  case EpilogueOp::Mul:
  case EpilogueOp::Multiply:
    return b.times(value, others[0][lane]);
  default:
    return applyActivation(b, step, value, others.empty() ? Value() : others[0][lane]);
  }
}

Values nvptx::applyChain(Builder &b, const kernel::Epilogue &chain, ValueRange operands, const Picture &result, Values values,
                         Value offset, Value channel) {
  int64_t count = static_cast<int64_t>(values.size());
  auto ofImage = [&] { return b.add(b.mul(b.divide(offset, result.elements()), result.pixelElements()), channel); };
  for (const kernel::EpilogueStep &step : chain) {
    const kernel::EpilogueOperands &takes = kernel::operandsOf(step.op);
    llvm::SmallVector<Values, 2> others;
    for (unsigned i = 0; i < takes.tensors + takes.vectors; ++i)
      others.push_back(i < takes.tensors
                           ? b.loadVector({operands[i], result.element}, takes.ofImages ? ofImage() : offset, count)
                           : b.loadVector({operands[i]}, channel, count));
    for (auto [lane, value] : llvm::enumerate(values))
      value = apply(b, step, value, others, lane);
    operands = operands.drop_front(takes.tensors + takes.vectors);
  }
  return values;
}

Values nvptx::zeroPadding(Builder &b, Values values, Value channel, int64_t channels) {
  int64_t lanes = static_cast<int64_t>(values.size()), last = channels % lanes;
  if (last == 0)
    return values;
  Value isFull = b.below(channel, channels - last), zero = b.floatConstant(0);
  for (int64_t lane = last; lane < lanes; ++lane)
    values[lane] = b.select(isFull, values[lane], zero);
  return values;
}

/// The addends of a vector of the picture, added up in their order.
static Values loadAddends(Builder &b, const ElementwiseSpec &spec, Value input, Value pixel, Value channel) {
  const Picture &picture = spec.picture;
  int64_t distance = picture.pixels() * partialPixel(picture);
  Value image = b.divide(pixel, picture.pixels());
  Value first = b.add(b.mul(pixel, partialPixel(picture)), b.mul(image, (spec.parts - 1) * distance));
  Values sums;
  for (int64_t part = 0; part < spec.parts; ++part) {
    Values addends = b.loadVector({input}, b.add(b.add(first, channel), part * distance), picture.lanes());
    for (auto [lane, addend] : llvm::enumerate(addends))
      addend = part == 0 ? addend : b.plus(sums[lane], addend);
    sums = addends;
  }
  return sums;
}

void nvptx::emitElementwise(Builder &b, const ElementwiseSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &picture = spec.picture;
  forPoint(b, blocks, picture.pixels() * picture.vectors(), [&](Value point) {
    Value offset = b.mul(point, picture.lanes()), channel = b.mul(b.modulo(point, picture.vectors()), picture.lanes());
    Values values = spec.parts > 1 ? loadAddends(b, spec, operands.front(), b.divide(point, picture.vectors()), channel)
                                   : b.loadVector({operands.front(), picture.element}, offset, picture.lanes());
    values = applyChain(b, spec.epilogue, operands.drop_front().drop_back(), picture, values, offset, channel);
    b.storeVector(zeroPadding(b, values, channel, picture.channels), {operands.back(), picture.element}, offset);
  });
}
