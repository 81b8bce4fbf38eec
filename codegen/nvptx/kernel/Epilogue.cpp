// The elementwise operations, four values at a time.
#include "codegen/nvptx/kernel/Emitters.h"

using namespace skip;
using namespace skip::nvptx;
using kernel::EpilogueOp;

static Value apply(Builder &b, EpilogueOp op, Value value, llvm::ArrayRef<Values> others, unsigned lane) {
  switch (op) {
  case EpilogueOp::Add:
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
    return b.times(value, others[0][lane]);
  }
  llvm_unreachable("an elementwise operation without code");
}

Values nvptx::applyChain(Builder &b, const kernel::Epilogue &chain, ValueRange operands, Values values, Value offset,
                         Value channel) {
  for (EpilogueOp op : chain) {
    const kernel::EpilogueOperands &takes = kernel::operandsOf(op);
    llvm::SmallVector<Values, 2> others;
    for (unsigned i = 0; i < takes.tensors + takes.vectors; ++i)
      others.push_back(b.load4(operands[i], i < takes.tensors ? offset : channel));
    for (auto [lane, value] : llvm::enumerate(values))
      value = apply(b, op, value, others, lane);
    operands = operands.drop_front(takes.tensors + takes.vectors);
  }
  return values;
}

Values nvptx::zeroPadding(Builder &b, Values values, Value channel, int64_t channels) {
  int64_t last = channels % kVector;
  if (last == 0)
    return values;
  Value isFull = b.below(channel, channels - last), zero = b.floatConstant(0);
  for (int64_t lane = last; lane < kVector; ++lane)
    values[lane] = b.select(isFull, values[lane], zero);
  return values;
}

void nvptx::emitElementwise(Builder &b, const ElementwiseSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &picture = spec.picture;
  forPoint(b, blocks, picture.pixels() * picture.vectors(), [&](Value point) {
    Value offset = b.mul(point, kVector), channel = b.mul(b.modulo(point, picture.vectors()), kVector);
    Values values = b.load4(operands.front(), offset);
    values = applyChain(b, spec.epilogue, operands.drop_front().drop_back(), values, offset, channel);
    b.store4(zeroPadding(b, values, channel, picture.channels), operands.back(), offset);
  });
}
