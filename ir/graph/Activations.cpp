// Everything that activations answer, since they all answer alike: shapes, roles in kernels, gradients. What they compute is in
// ir/reference/Activations.cpp.
#include "ir/graph/Inference.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace skip::graph;
using Gradients = llvm::ArrayRef<Value>;
using Wanted = llvm::ArrayRef<bool>;
using Results = llvm::SmallVector<Value>;

static LogicalResult inferAlike(std::optional<Location> loc, llvm::StringRef label, ValueRange operands,
                                SmallVectorImpl<Type> &types) {
  if (shapeOf(operands[0]) != shapeOf(operands[1]))
    return broken(loc, label, "both operands must have one shape");
  return infer(types, operands[0], shapeOf(operands[0]));
}

#define ELEMENTWISE(OP)                                                                                                        \
  bool OP::canBeEpilogue() { return true; }                                                                                    \
  bool OP::takesEpilogue() { return true; }

#define ACTIVATION(OP)                                                                                                         \
  ELEMENTWISE(OP)                                                                                                              \
  INFER(OP) { return infer(types, operands[0], shapeOf(operands[0])); }

#define GRADIENT(OP, LABEL)                                                                                                    \
  ELEMENTWISE(OP)                                                                                                              \
  INFER(OP) { return inferAlike(loc, LABEL, operands, types); }

ACTIVATION(SigmoidOp)
ACTIVATION(SiluOp)
ACTIVATION(GeluOp)
ACTIVATION(HardSigmoidOp)
ACTIVATION(HardSwishOp)
ACTIVATION(MishOp)
GRADIENT(SigmoidGradInputOp, "sigmoid_grad_input-c1")
GRADIENT(SiluGradInputOp, "silu_grad_input-c1")
GRADIENT(GeluGradInputOp, "gelu_grad_input-c1")
GRADIENT(HardSigmoidGradInputOp, "hard_sigmoid_grad_input-c1")
GRADIENT(HardSwishGradInputOp, "hard_swish_grad_input-c1")
GRADIENT(MishGradInputOp, "mish_grad_input-c1")
GRADIENT(LeakyReluGradInputOp, "leaky_relu_grad_input-c1")
GRADIENT(PreluGradTermsOp, "prelu_grad_terms-c1")
GRADIENT(MultiplyOp, "multiply-c1")
ELEMENTWISE(LeakyReluOp)
ELEMENTWISE(PreluOp)
ELEMENTWISE(PreluGradInputOp)
ELEMENTWISE(MulOp)
ELEMENTWISE(ShiftOp)

/// A contraction's register tiles have no place for what is read once a picture.
bool MulOp::joinsContractions() { return false; }
bool ShiftOp::joinsContractions() { return false; }

INFER(LeakyReluOp) {
  Adaptor op(operands, attributes, properties, regions);
  if (!op.getSlope().isFinite())
    return broken(loc, "leaky_relu-c1", "the slope must be finite");
  return infer(types, op.getX(), shapeOf(op.getX()));
}

INFER(PreluOp) { return inferPerChannel(loc, "prelu-c1", operands, types); }

INFER(PreluGradInputOp) {
  if (shapeOf(operands[0]) != shapeOf(operands[1]))
    return broken(loc, "prelu_grad_input-c1", "dy and x must have one shape");
  return inferPerChannel(loc, "prelu_grad_input-c1", operands.drop_front(), types);
}

/// Whether `numbers` are one for each image and channel of x.
static bool isOfChannels(Value numbers, ArrayRef<int64_t> x) {
  ArrayRef<int64_t> shape = shapeOf(numbers);
  bool isOnePixel = shape.size() == 2 || (shape.size() == 4 && shape[2] == 1 && shape[3] == 1);
  return x.size() >= 2 && isOnePixel && shape.take_front(2) == x.take_front(2);
}

INFER(ShiftOp) {
  if (!isOfChannels(operands[1], shapeOf(operands[0])))
    return broken(loc, "shift-c1", "the offset must be [N, C] or [N, C, 1, 1], with the input's images and channels");
  return infer(types, operands[0], shapeOf(operands[0]));
}

INFER(MulOp) {
  ArrayRef<int64_t> x = shapeOf(operands[0]);
  if (!isOfChannels(operands[1], x))
    return broken(loc, "mul-c1", "the scale must be [N, C] or [N, C, 1, 1], with the input's images and channels");
  return infer(types, operands[0], x);
}

Results SigmoidOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {SigmoidGradInputOp::create(builder, loc, gradients[0], getY())};
}

Results SiluOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {SiluGradInputOp::create(builder, loc, gradients[0], getX())};
}

Results GeluOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {GeluGradInputOp::create(builder, loc, gradients[0], getX())};
}

Results HardSigmoidOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {HardSigmoidGradInputOp::create(builder, loc, gradients[0], getX())};
}

Results HardSwishOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {HardSwishGradInputOp::create(builder, loc, gradients[0], getX())};
}

Results MishOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {MishGradInputOp::create(builder, loc, gradients[0], getX())};
}

Results LeakyReluOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {LeakyReluGradInputOp::create(builder, loc, gradients[0], getX(), getSlopeAttr())};
}

/// Of what is made of a parameter, called after it.
static Location madeOf(Value parameter, llvm::StringRef suffix, Location otherwise) {
  std::string name = valueName(parameter);
  return name.empty() ? otherwise : NameLoc::get(StringAttr::get(parameter.getContext(), name + "." + suffix));
}

Results PreluOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Results results(2);
  if (wanted[0])
    results[0] = PreluGradInputOp::create(builder, loc, gradients[0], getX(), getSlope());
  if (wanted[1]) {
    Value terms = PreluGradTermsOp::create(builder, madeOf(getSlope(), "terms", loc), gradients[0], getX());
    results[1] = ChannelSumsOp::create(builder, madeOf(getSlope(), "grad", loc), terms);
  }
  return results;
}

Results MultiplyOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Results results(2);
  for (unsigned i : {0, 1})
    if (wanted[i])
      results[i] = MultiplyOp::create(builder, loc, gradients[0], getOperand(1 - i));
  return results;
}

static Location named(OpBuilder &builder, Location loc, llvm::StringRef suffix) {
  return NameLoc::get(StringAttr::get(builder.getContext(), valueName(loc).str() + "." + suffix.str()));
}

/// A factor's or an offset's gradient is summed over the picture: of the sizes of `like`, and called after it.
static Value sumOfPixels(OpBuilder &builder, Location loc, Value x, Value like, llvm::StringRef name) {
  ArrayRef<int64_t> shape = shapeOf(x);
  if (shape.size() != 4) // no picture: the sum is of one pixel
    return shapeOf(like).size() == 2 ? x : Value(UnflattenOp::create(builder, named(builder, loc, name), x, shape[1], 1, 1));
  auto sizes = builder.getDenseI64ArrayAttr({shape[2], shape[3]}), none = builder.getDenseI64ArrayAttr({0, 0, 0, 0});
  Value sum = AvgPoolOp::create(builder, named(builder, loc, "sums"), x, sizes, sizes, none, UnitAttr(), UnitAttr(),
                                builder.getUnitAttr());
  return shapeOf(like).size() == 2 ? Value(FlattenOp::create(builder, named(builder, loc, name), sum)) : sum;
}

Results ShiftOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Results results = {gradients[0], Value()};
  if (wanted[1])
    results[1] = sumOfPixels(builder, loc, gradients[0], getOffset(), "offset");
  return results;
}

Results MulOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Results results(2);
  if (wanted[0])
    results[0] = MulOp::create(builder, loc, gradients[0], getScale());
  if (wanted[1])
    results[1] = sumOfPixels(builder, loc, MultiplyOp::create(builder, named(builder, loc, "products"), gradients[0], getX()),
                             getScale(), "scale");
  return results;
}
