// The graph dialect's operations for inference. x: [N, C, H, W]; floor((H + 2p - k) / s) + 1 is every window's output size.
#ifndef SKIP_GRAPH_OPS
#define SKIP_GRAPH_OPS

include "ir/graph/GraphDialect.td"
include "ir/graph/GraphInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def RankedF32 : RankedTensorOf<[F32]>;
def Image : TensorRankOf<[F32], [4]>;
def Filter : StaticShapeTensorOf<[F32]>;
def Vector : StaticShapeTensorOf<[F32]>;

class GraphOp<string mnemonic, list<Trait> traits = []> : Op<GraphDialect, mnemonic, traits>;

// A pure operation with one result whose type follows from its operands, and with reference semantics.
class GraphValueOp<string mnemonic, list<Trait> traits = []> : GraphOp<mnemonic, !listconcat([
    Pure, DeclareOpInterfaceMethods<InferTypeOpInterface, ["inferReturnTypes"]>,
    DeclareOpInterfaceMethods<Evaluable, ["evaluate"]>], traits)> {
  let results = (outs RankedF32:$y);
  code baseClassDeclaration = [{
    ::skip::reference::Tensor compute(::llvm::ArrayRef<const ::skip::reference::Tensor *> operands);
  }];
  let extraClassDeclaration = baseClassDeclaration;
  let extraClassDefinition = [{
    ::std::vector<::skip::reference::Tensor> $cppClass::evaluate(::llvm::ArrayRef<const ::skip::reference::Tensor *> operands) {
      ::std::vector<::skip::reference::Tensor> results;
      results.push_back(compute(operands));
      return results;
    }
  }];
}

//===- parameters -===//

def ParameterOp : GraphOp<"parameter", [Symbol]> {
  let summary = "a parameter of the model, known by its checkpoint name";
  let description = [{
    Declares a checkpoint tensor: `graph.parameter @"layer1.0.conv1.weight" : tensor<64x64x3x3xf32>`. It has no value here.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<RankedF32>:$type, UnitAttr:$buffer);
  let assemblyFormat = "(`buffer` $buffer^)? $sym_name `:` $type attr-dict";
  let hasVerifier = 1; // parameter-c1: static shape of rank 1, 2 or 4
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() { return ::mlir::cast<::mlir::RankedTensorType>(getType()); }
  }];
}

def ReadParameterOp : GraphOp<"read_parameter", [Pure, LoadTime, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a parameter";
  let description = [{ Constraint read_parameter-c1: the symbol names a `graph.parameter` of the result's type. }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs RankedF32:$value);
  let assemblyFormat = "$parameter attr-dict `:` type($value)";
}

def BnScaleOp : GraphValueOp<"bn_scale", [LoadTime]> {
  let summary = "batch norm's factor: gamma / sqrt(variance + epsilon)";
  let description = [{ All are [C]. Constraint bn_scale-c1: gamma and variance have one length. }];
  let arguments = (ins Vector:$gamma, Vector:$variance, F64Attr:$epsilon);
  let assemblyFormat = "$gamma `,` $variance `epsilon` $epsilon attr-dict `:` functional-type(operands, results)";
}

def BnShiftOp : GraphValueOp<"bn_shift", [LoadTime]> {
  let summary = "batch norm's offset: beta + (bias - mean) * scale";
  let description = [{ All are [C]; an absent bias is zero. Constraint bn_shift-c1: all have one length. }];
  let arguments = (ins Vector:$beta, Vector:$mean, Vector:$scale, Optional<Vector>:$bias);
  let assemblyFormat = "$beta `,` $mean `,` $scale (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def ScaleFilterOp : GraphValueOp<"scale_filter", [LoadTime]> {
  let summary = "w[o, ...] * scale[o]";
  let description = [{ Constraint scale_filter-c1: scale is [O] for a filter [O, I, kh, kw] or [O, I]. }];
  let arguments = (ins Filter:$filter, Vector:$scale);
  let assemblyFormat = "$filter `,` $scale attr-dict `:` functional-type(operands, results)";
}

//===- contractions -===//

def Conv2dOp : GraphValueOp<"conv2d", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>,
    DeclareOpInterfaceMethods<Fusible, ["takesEpilogue", "accumulates", "printStructure"]>,
    DeclareOpInterfaceMethods<Contraction, ["getPicture", "getSizes"]>,
    DeclareOpInterfaceMethods<LayoutAware, ["operandCost", "requiredHalo"]>]> {
  let summary = "2-D convolution (cross-correlation)";
  let description = [{
    y[n, o, p, q] = bias[o] + sum over i, r, s of x[n, i, p * stride + r - padding, q * stride + s - padding] * filter[o, i, r, s],
    x read as zero outside the picture. Constraints: conv2d-c1 the filter is [O, I, kh, kw] and I is x's channel count; conv2d-c2
    the output has at least one row and one column; conv2d-c3 bias is [O]; conv2d-c4 stride >= 1, padding >= 0.

    Example: `%y = graph.conv2d %x, %w stride 2 padding 3 : (tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<?x64x112x112xf32>`
  }];
  let arguments = (ins Image:$x, Filter:$filter, Optional<Vector>:$bias, I64Attr:$stride, I64Attr:$padding);
  let assemblyFormat = [{ $x `,` $filter (`bias` $bias^)? `stride` $stride `padding` $padding attr-dict
                          `:` functional-type(operands, results) }];
}

def GeneralConv2dOp : GraphValueOp<"conv2d_general", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>,
    DeclareOpInterfaceMethods<Fusible, ["takesEpilogue", "printStructure"]>,
    DeclareOpInterfaceMethods<Contraction, ["getPicture", "getSizes"]>,
    DeclareOpInterfaceMethods<LayoutAware, ["requiredHalo"]>]> {
  let summary = "a convolution of groups of channels, with strides, dilations and padding of each axis's own";
  let description = [{
    y[n, o, p, q] = bias[o] + sum over i, r, s of
      x[n, o / (O / groups) * I + i, p * strides[0] + r * dilations[0] - pads[0], q * strides[1] + s * dilations[1] - pads[1]]
      * filter[o, i, r, s],

    x read as zero outside the picture; `pads` are rows above, columns to the left, rows below, columns to the right. What `conv2d`
    can say is said by it. Constraints: conv2d_general-c1 the filter is [O, I, kh, kw], O a multiple of the groups, and x has groups * I
    channels; conv2d_general-c2 the output has at least one row and one column; conv2d_general-c3 bias is [O]; conv2d_general-c4
    groups, strides and dilations are at least 1, pads at least 0, and there are two strides, two dilations and four pads.

    Example: `%y = graph.conv2d_general %x, %w strides [2, 2] dilations [1, 1] pads [1, 1, 1, 1] groups 32 : ...`
  }];
  let arguments = (ins Image:$x, Filter:$filter, Optional<Vector>:$bias, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads, I64Attr:$groups);
  let assemblyFormat = [{ $x `,` $filter (`bias` $bias^)? `strides` $strides `dilations` $dilations `pads` $pads `groups` $groups
                          attr-dict `:` functional-type(operands, results) }];
  let extraClassDeclaration = baseClassDeclaration # [{
    /// Whether each group is made of whole blocks of so many channels on both sides, or there is but one group.
    bool hasWholeBlocks(int64_t lanes);
  }];
}

def LinearOp : GraphValueOp<"linear", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>,
    DeclareOpInterfaceMethods<Fusible, ["takesEpilogue", "takesPrologue", "printStructure"]>,
    DeclareOpInterfaceMethods<Contraction, ["getPicture", "getSizes"]>,
    LayoutAware]> {
  let summary = "fully connected layer: y = x filter^T + bias";
  let description = [{
    x: [N, K], filter: [O, K], bias: [O]. Constraints: linear-c1 x is [N, K] with the filter's K; linear-c2 bias is [O].
  }];
  let arguments = (ins RankedF32:$x, Filter:$filter, Optional<Vector>:$bias);
  let assemblyFormat = "$x `,` $filter (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

//===- elementwise -===//

def BatchNormOp : GraphValueOp<"batch_norm", [DeclareOpInterfaceMethods<Differentiable>, 
    Fusible, LayoutAware]> {
  let summary = "batch normalization with running statistics";
  let description = [{
    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, per channel. Constraint batch_norm-c1: all vectors are [C].
  }];
  let arguments = (ins RankedF32:$x, Vector:$gamma, Vector:$beta, Vector:$mean, Vector:$variance, F64Attr:$epsilon);
  let assemblyFormat = [{ $x `,` $gamma `,` $beta `,` $mean `,` $variance `epsilon` $epsilon attr-dict
                          `:` functional-type(operands, results) }];
}

def GroupNormOp : GraphValueOp<"group_norm", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["takesEpilogue", "printStructure"]>, LayoutAware]> {
  let summary = "normalization of each image by the mean and variance of groups of its channels";
  let description = [{
    y = gamma[c] (x - mean) / sqrt(variance + epsilon) + beta[c], where mean and variance are those of all pixels of c's group, which
    is one of `groups` runs of C / groups channels. They are made of the channels' `moments` (Chan, Golub and LeVeque, 1979): with P
    pixels, mean = sum of means / (C / groups), and variance = sum of squares + P (means - mean)^2, / (P C / groups).
    Constraints: group_norm-c1 the moments are x's, [N, C, 2, 1], and vectors [C]; group_norm-c2 the groups are at least one and
    divide C.
  }];
  let arguments = (ins RankedF32:$x, Image:$moments, Vector:$gamma, Vector:$beta, I64Attr:$groups, F64Attr:$epsilon);
  let assemblyFormat = [{ $x `,` $moments `,` $gamma `,` $beta `groups` $groups `epsilon` $epsilon attr-dict
                          `:` functional-type(operands, results) }];
}

def ScaleShiftOp : GraphValueOp<"scale_shift", [
    DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue"]>, LayoutAware]> {
  let summary = "x * scale[c] + shift[c]: a batch norm that no convolution could take in";
  let description = [{ Constraint scale_shift-c1: both vectors are [C]. }];
  let arguments = (ins RankedF32:$x, Vector:$scale, Vector:$shift);
  let assemblyFormat = "$x `,` $scale `,` $shift attr-dict `:` functional-type(operands, results)";
}

def ReluOp : GraphValueOp<"relu", [DeclareOpInterfaceMethods<Differentiable>, DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue"]>, LayoutAware]> {
  let summary = "max(x, 0)";
  let arguments = (ins RankedF32:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def AddOp : GraphValueOp<"add", [DeclareOpInterfaceMethods<Differentiable>, Commutative, DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue"]>, LayoutAware]> {
  let summary = "a + b: the join of a shortcut";
  let description = [{ Constraint add-c1: both have one shape. }];
  let arguments = (ins RankedF32:$a, RankedF32:$b);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
}

def MulOp : GraphValueOp<"mul", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue", "joinsContractions"]>, LayoutAware]> {
  let summary = "x * scale[n, c]: each image's channels by factors of its own (squeeze and excitation)";
  let description = [{ Constraint mul-c1: x is [N, C, ...] and the scale [N, C] or [N, C, 1, 1]. }];
  let arguments = (ins RankedF32:$x, RankedF32:$scale);
  let assemblyFormat = "$x `,` $scale attr-dict `:` functional-type(operands, results)";
}

def ShiftOp : GraphValueOp<"shift", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue", "joinsContractions"]>, LayoutAware]> {
  let summary = "x + offset[n, c]: each image's channels with offsets of its own (global context)";
  let description = [{ Constraint shift-c1: x is [N, C, H, W] and the offset [N, C] or [N, C, 1, 1]. }];
  let arguments = (ins Image:$x, RankedF32:$offset);
  let assemblyFormat = "$x `,` $offset attr-dict `:` functional-type(operands, results)";
}

def DropoutOp : GraphValueOp<"dropout"> {
  let summary = "dropout: the identity at inference";
  let arguments = (ins RankedF32:$x, F64Attr:$rate);
  let assemblyFormat = "$x `rate` $rate attr-dict `:` functional-type(operands, results)";
}

//===- windows and movement -===//

def MaxPoolOp : GraphValueOp<"max_pool", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "maximum over windows; positions outside the picture do not count";
  let description = [{
    `pads` are rows above, columns to the left, rows below, columns to the right. With `ceil` a last window that reaches beyond the
    padded picture counts too, if it begins in the picture or the padding before it. Constraints: max_pool-c1 there are two kernel
    sizes and two strides, each at least 1, and four pads, each from 0 to half the kernel; max_pool-c2 the output has a row and a
    column.
  }];
  let arguments = (ins Image:$x, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, UnitAttr:$ceil);
  let assemblyFormat = [{ $x `kernel` $kernel `strides` $strides `pads` $pads (`ceil` $ceil^)? attr-dict
                          `:` functional-type(operands, results) }];
}

def AvgPoolOp : GraphValueOp<"avg_pool", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "mean over windows";
  let description = [{
    The sum of a window's pixels by the number of those that lie in the picture; with `include_pad` in the picture or its padding, whose
    values are zero; with `sum` by 1. `pads` and `ceil` are max_pool's. Constraints: avg_pool-c1 there are two kernel sizes and two strides, each at least 1, and four pads, each
    from 0 to half the kernel; avg_pool-c2 the output has a row and a column.
  }];
  let arguments = (ins Image:$x, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, UnitAttr:$ceil,
                       UnitAttr:$include_pad, UnitAttr:$sum);
  let assemblyFormat = [{ $x `kernel` $kernel `strides` $strides `pads` $pads (`ceil` $ceil^)? (`include_pad` $include_pad^)?
                          (`sum` $sum^)? attr-dict `:` functional-type(operands, results) }];
}

def ConcatOp : GraphValueOp<"concat", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "the channels of all operands, one behind the other";
  let description = [{ Constraint concat-c1: there are two operands or more, alike but for their channels. }];
  let arguments = (ins Variadic<Image>:$inputs);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
}

def UpsampleOp : GraphValueOp<"upsample", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "a picture `factor` times as high and wide";
  let description = [{
    y[n, c, p, q] = x[n, c, p / factor, q / factor]; with `bilinear` between the four pixels around
    ((p + 1/2) / factor - 1/2, (q + 1/2) / factor - 1/2), the borders' pixels standing for what lies beyond them.
    Constraint upsample-c1: factor >= 1.
  }];
  let arguments = (ins Image:$x, I64Attr:$factor, UnitAttr:$bilinear);
  let assemblyFormat = "$x `factor` $factor (`bilinear` $bilinear^)? attr-dict `:` functional-type(operands, results)";
}

def ReflectPadOp : GraphValueOp<"reflect_pad", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "a picture with its own pixels around it, mirrored at its borders' pixels, which are not repeated";
  let description = [{
    y[n, c, p, q] = x[n, c, mirror(p - pads[0], H), mirror(q - pads[1], W)], mirror(i, size) = size - 1 - |size - 1 - |i||: of
    0 1 2 3 padded by 2 and 1 it is 2 1 0 1 2 3 2. `pads` are rows above, columns to the left, rows below, columns to the right.
    Constraint reflect_pad-c1: there are four pads, each at least 0 and less than the picture's size along its axis.
  }];
  let arguments = (ins Image:$x, DenseI64ArrayAttr:$pads);
  let assemblyFormat = "$x `pads` $pads attr-dict `:` functional-type(operands, results)";
}

def AttentionPoolOp : GraphValueOp<"attention_pool", [DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "the mean over the picture by the softmax over its pixels of one logit each: [N, C, H, W] -> [N, C]";
  let description = [{
    y[n, c] = sum over p, q of x[n, c, p, q] softmax(logits[n, 0])[p, q] (the global attention pooling of GCNet, Cao et al., 2019).
    Constraint attention_pool-c1: the logits are [N, 1, H, W] of x's sizes.
  }];
  let arguments = (ins Image:$x, Image:$logits);
  let assemblyFormat = "$x `,` $logits attr-dict `:` functional-type(operands, results)";
}

def GlobalAvgPoolOp : GraphValueOp<"global_avg_pool", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "mean over the picture: [N, C, H, W] -> [N, C]";
  let arguments = (ins Image:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def SubsampleOp : GraphValueOp<"subsample", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["canBePrologue", "printStructure"]>, LayoutAware]> {
  let summary = "every stride-th row and column: y[n, c, p, q] = x[n, c, p * stride, q * stride]";
  let description = [{ Constraint subsample-c1: stride >= 1. The output has ceil(H / stride) rows. }];
  let arguments = (ins Image:$x, I64Attr:$stride);
  let assemblyFormat = "$x `stride` $stride attr-dict `:` functional-type(operands, results)";
}

def PadChannelsOp : GraphValueOp<"pad_channels", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["takesPrologue", "printStructure"]>, LayoutAware]> {
  let summary = "zero channels before and after (shortcut option A, section 3.3)";
  let description = [{ Constraint pad_channels-c1: before >= 0, after >= 0. }];
  let arguments = (ins Image:$x, I64Attr:$before, I64Attr:$after);
  let assemblyFormat = "$x `before` $before `after` $after attr-dict `:` functional-type(operands, results)";
}

def FlattenOp : GraphValueOp<"flatten", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["canBePrologue"]>,
    LayoutAware]> {
  let summary = "[N, C, H, W] -> [N, C * H * W] in NCHW order";
  let arguments = (ins RankedF32:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def SoftmaxOp : GraphValueOp<"softmax", [DeclareOpInterfaceMethods<Differentiable>, 
    DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "exp(x - max) / sum over the classes of [N, C]";
  let description = [{ Constraint softmax-c1: x is [N, C]. }];
  let arguments = (ins RankedF32:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

#endif
