// The graph dialect's operations for training: the loss, batch norm by the batch's own statistics, and what gradients are made of.
//
// A gradient of y = f(x) is called by f: `f_grad_input` is the gradient of x, `f_grad_filter` that of a parameter; dy is the gradient
// of y. Where a gradient is another forward operation it has no name of its own: that of `add` is dy twice, that of a convolution of
// stride 1 a convolution by `transpose_filter`.
#ifndef SKIP_GRAPH_TRAINING_OPS
#define SKIP_GRAPH_TRAINING_OPS

include "ir/graph/GraphActivations.td"

def Labels : TensorRankOf<[I32], [1]>;

// A pure operation with several results, as GraphValueOp is one with one. They are called NAME.mean, NAME.variance, ...
class GraphValuesOp<string mnemonic, list<Trait> traits = []> : GraphOp<mnemonic, !listconcat([
    Pure, DeclareOpInterfaceMethods<InferTypeOpInterface, ["inferReturnTypes"]>,
    DeclareOpInterfaceMethods<Evaluable, ["evaluate"]>, DeclareOpInterfaceMethods<NamesResults>], traits)> {
  list<string> resultNames = !foreach(i, !range(!size(results)), "\"" # !getdagname(results, i) # "\"");
  let extraClassDefinition = [{
    ::std::string $cppClass::nameOf(unsigned index) {
      static constexpr ::llvm::StringLiteral names[] = {}] # !interleave(resultNames, ", ") # [{};
      return (valueName(getLoc()) + "." + names[index]).str();
    }
  }];
}

//===- loss and batch norm -===//

def SoftmaxCrossEntropyOp : GraphValueOp<"softmax_cross_entropy", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch"]>, DeclareOpInterfaceMethods<LayoutAware, ["operandCost"]>]> {
  let summary = "the mean over the batch of -sum over classes of t log softmax(x)";
  let description = [{
    t is 1 - smoothing at the label and smoothing / C spread over all classes. The result is [1]: a function's loss, whose gradient
    is one. Constraints: softmax_cross_entropy-c1 x is [N, C], the labels [N]; softmax_cross_entropy-c2 0 <= smoothing < 1.
  }];
  let arguments = (ins RankedF32:$x, Labels:$labels, F64Attr:$smoothing);
  let assemblyFormat = "$x `,` $labels `smoothing` $smoothing attr-dict `:` functional-type(operands, results)";
}

def SoftmaxCrossEntropyGradInputOp : GraphValueOp<"softmax_cross_entropy_grad_input", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch"]>, DeclareOpInterfaceMethods<LayoutAware, ["operandCost"]>]> {
  let summary = "(softmax(x) - t) / N";
  let description = [{ Constraint softmax_cross_entropy_grad_input-c1: x is [N, C], the labels [N]. }];
  let arguments = (ins RankedF32:$x, Labels:$labels, F64Attr:$smoothing);
  let assemblyFormat = "$x `,` $labels `smoothing` $smoothing attr-dict `:` functional-type(operands, results)";
}

def BatchNormTrainOp : GraphValuesOp<"batch_norm_train", [DeclareOpInterfaceMethods<Differentiable>]> {
  let summary = "batch normalization by the batch's own statistics";
  let description = [{
    Over all images and pixels of a channel, M of them: mean = sum x / M, variance = sum (x - mean)^2 / M,
    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta. `next_mean` and `next_variance` are the running statistics after this
    batch: running + momentum * (batch - running), where the batch's variance is sum (x - mean)^2 / (M - 1), as PyTorch has it (of one
    element the running variance stays). Constraint batch_norm_train-c1: all vectors are [C].
  }];
  let arguments = (ins RankedF32:$x, Vector:$gamma, Vector:$beta, Vector:$running_mean, Vector:$running_variance, F64Attr:$epsilon,
                       F64Attr:$momentum);
  let results = (outs RankedF32:$y, Vector:$mean, Vector:$variance, Vector:$next_mean, Vector:$next_variance);
  let assemblyFormat = [{ $x `,` $gamma `,` $beta `,` $running_mean `,` $running_variance `epsilon` $epsilon `momentum` $momentum
                          attr-dict `:` functional-type(operands, results) }];
}

def BatchNormTrainGradOp : GraphValuesOp<"batch_norm_train_grad"> {
  let summary = "the gradients of batch_norm_train: of x, gamma and beta";
  let description = [{
    With z = (x - mean) / sqrt(variance + epsilon) and sums over a channel's M elements: dbeta = sum dy, dgamma = sum dy z,
    dx = gamma / sqrt(variance + epsilon) * (dy - dbeta / M - z * dgamma / M). Constraint batch_norm_train_grad-c1: dy has x's shape
    and all vectors are [C].
  }];
  let arguments = (ins RankedF32:$dy, RankedF32:$x, Vector:$gamma, Vector:$mean, Vector:$variance, F64Attr:$epsilon);
  let results = (outs RankedF32:$dx, Vector:$dgamma, Vector:$dbeta);
  let assemblyFormat = [{ $dy `,` $x `,` $gamma `,` $mean `,` $variance `epsilon` $epsilon attr-dict
                          `:` functional-type(operands, results) }];
}

//===- dropout -===//

def Draws : TensorRankOf<[I32], [1]>;

def DropoutTrainOp : GraphValueOp<"dropout_train", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, Fusible, DeclareOpInterfaceMethods<LayoutAware, ["operandCost"]>]> {
  let summary = "0 with the probability `rate`, else x / (1 - rate): its own gradient too";
  let description = [{
    `draws` has 32 bits for each image. Element i of an image, counted as in [C, H, W], is 0 where the first word of
    Philox4x32-10 of counter (i, 0, 0, 0) and key (draws[n], layer) is below rate * 2^32, rounded down. Each dropout of a function
    has a `layer` of its own. The gradient is the same of dy, so that no mask is kept. Constraints: dropout_train-c1 there is a draw
    for each image; dropout_train-c2 0 <= rate < 1.
  }];
  let arguments = (ins RankedF32:$x, Draws:$draws, F64Attr:$rate, I64Attr:$layer);
  let assemblyFormat = "$x `,` $draws `rate` $rate `layer` $layer attr-dict `:` functional-type(operands, results)";
}

//===- batch norm in parts -===//

// A batch's statistics are sums over all of its images. What one image adds is a picture of two rows for each channel, computed where
// the image is near; the rest is of the size of the channels. `graph-expand-batch-norm` makes these of the two above.

def MomentsOp : GraphValueOp<"moments", [DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "each image's mean and sum of squared distances from it, channel by channel: [N, C, ...] -> [N, C, 2, 1]";
  let description = [{ Constraint moments-c1: x has channels. }];
  let arguments = (ins RankedF32:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def MergeMomentsOp : GraphValuesOp<"merge_moments", [DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch", "printStructure"]>, LayoutAware]> {
  let summary = "the batch's mean and variance, the running statistics after it, and what normalises by it, from its images' moments";
  let description = [{
    `pixels` are those of a picture, M = N * pixels. Images are merged in order (Chan, Golub and LeVeque, 1979): with d the distance of an
    image's mean from that of the n before it, mean += d / (n + 1), squares += its squares + d^2 * pixels * n / (n + 1). The first four
    results are those of batch_norm_train; scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale.
    Constraints: merge_moments-c1 the moments are [N, C, 2, 1] and vectors [C]; merge_moments-c2 pixels >= 1.
  }];
  let arguments = (ins Image:$moments, Vector:$gamma, Vector:$beta, Vector:$running_mean, Vector:$running_variance, I64Attr:$pixels,
                       F64Attr:$momentum, F64Attr:$epsilon);
  let results = (outs Vector:$mean, Vector:$variance, Vector:$next_mean, Vector:$next_variance, Vector:$scale, Vector:$shift);
  let assemblyFormat = [{ $moments `,` $gamma `,` $beta `,` $running_mean `,` $running_variance `pixels` $pixels `momentum` $momentum
                          `epsilon` $epsilon attr-dict `:` functional-type(operands, results) }];
}

def GradSumsOp : GraphValueOp<"grad_sums", [DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "each image's sums of dy and of dy * (x - mean), channel by channel: [N, C, 2, 1]";
  let description = [{ Constraint grad_sums-c1: dy has x's shape and the mean is [C]. }];
  let arguments = (ins RankedF32:$dy, RankedF32:$x, Vector:$mean);
  let assemblyFormat = "$dy `,` $x `,` $mean attr-dict `:` functional-type(operands, results)";
}

def MergeGradSumsOp : GraphValuesOp<"merge_grad_sums", [DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch", "printStructure"]>, LayoutAware]> {
  let summary = "a batch norm's gradients of gamma and beta, and what makes that of its input: dx = a * dy + b * x + c";
  let description = [{
    With s the sums over all images, e = 1 / sqrt(variance + epsilon) and M = N * pixels: dbeta = s_0, dgamma = s_1 e, a = gamma e,
    b = -gamma e^3 s_1 / M, c = -a s_0 / M - b mean. Constraints: merge_grad_sums-c1 the sums are [N, C, 2, 1] and vectors [C];
    merge_grad_sums-c2 pixels >= 1.
  }];
  let arguments = (ins Image:$sums, Vector:$gamma, Vector:$mean, Vector:$variance, I64Attr:$pixels, F64Attr:$epsilon);
  let results = (outs Vector:$dgamma, Vector:$dbeta, Vector:$a, Vector:$b, Vector:$c);
  let assemblyFormat = [{ $sums `,` $gamma `,` $mean `,` $variance `pixels` $pixels `epsilon` $epsilon attr-dict
                          `:` functional-type(operands, results) }];
}

def ScaleAddOp : GraphValueOp<"scale_add", [DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue"]>, LayoutAware]> {
  let summary = "a[c] * x + b[c] * z + shift[c]";
  let description = [{ Constraint scale_add-c1: z has x's shape and all vectors are [C]. }];
  let arguments = (ins RankedF32:$x, RankedF32:$z, Vector:$a, Vector:$b, Vector:$shift);
  let assemblyFormat = "$x `,` $z `,` $a `,` $b `,` $shift attr-dict `:` functional-type(operands, results)";
}

//===- gradients of contractions -===//

def TransposeFilterOp : GraphValueOp<"transpose_filter", [DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "[O, I, kh, kw] -> [I, O, kh, kw] with both window axes reversed; [O, K] -> [K, O]";
  let description = [{
    With `margin` zeros on each side of the window. Constraints: transpose_filter-c1 the filter is of rank 2 or 4;
    transpose_filter-c2 margin >= 0, and 0 of rank 2.
  }];
  let arguments = (ins Filter:$filter, DefaultValuedAttr<I64Attr, "0">:$margin);
  let assemblyFormat = "$filter (`margin` $margin^)? attr-dict `:` functional-type(operands, results)";
}

def Conv2dGradInputOp : GraphValueOp<"conv2d_grad_input", [DeclareOpInterfaceMethods<Costed>]> {
  let summary = "the gradient of a convolution's input, a picture of height x width";
  let description = [{
    dx[n, i, h, w] = sum over o, r, s with p * stride + r - padding = h, q * stride + s - padding = w of dy[n, o, p, q] * filter[o, i, r, s].
    Constraint conv2d_grad_input-c1: a convolution of such a picture by the filter has dy's shape.
  }];
  let arguments = (ins Image:$dy, Filter:$filter, I64Attr:$height, I64Attr:$width, I64Attr:$stride, I64Attr:$padding);
  let assemblyFormat = [{ $dy `,` $filter `height` $height `width` $width `stride` $stride `padding` $padding attr-dict
                          `:` functional-type(operands, results) }];
}

def Conv2dTransposedOp : GraphValueOp<"conv2d_transposed", [
    DeclareOpInterfaceMethods<Costed>,
    DeclareOpInterfaceMethods<Fusible, ["takesEpilogue", "printStructure"]>,
    DeclareOpInterfaceMethods<LayoutAware, ["requiredHalo"]>]> {
  let summary = "conv2d_grad_input by a filter that was transposed, where the picture is stride times as large as x";
  let description = [{
    y[n, o, h, w] = sum over i, r, s with p * stride + kh - 1 - r - padding = h, q * stride + kw - 1 - s - padding = w
    of x[n, i, p, q] * filter[o, i, r, s]. Constraints: conv2d_transposed-c1 the filter is [O, I, kh, kw] and I is x's channel count;
    conv2d_transposed-c2 a convolution of y by such a window has x's height and width; conv2d_transposed-c3 the window is as large as
    the stride at least.

    Example: `%y = graph.conv2d_transposed %x, %w stride 2 padding 1 : (tensor<?x8x4x4xf32>, tensor<3x8x3x3xf32>) -> tensor<?x3x8x8xf32>`
  }];
  let arguments = (ins Image:$x, Filter:$filter, I64Attr:$stride, I64Attr:$padding);
  let assemblyFormat = [{ $x `,` $filter `stride` $stride `padding` $padding attr-dict `:` functional-type(operands, results) }];
}

def Conv2dGradFilterOp : GraphValueOp<"conv2d_grad_filter", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch", "printStructure"]>,
    DeclareOpInterfaceMethods<LayoutAware, ["operandCost", "requiredHalo"]>]> {
  let summary = "the gradient of a convolution's filter, [O, I, kernel_height, kernel_width]";
  let description = [{
    dw[o, i, r, s] = sum over n, p, q of dy[n, o, p, q] * x[n, i, p * stride + r - padding, q * stride + s - padding].
    In P `parts` the result is [P * O, I, kernel_height, kernel_width], one gradient behind the other: that of part j sums over the
    images from j N / P up to (j + 1) N / P, rounded down, of all N, and `sum_parts` adds them.
    Constraints: conv2d_grad_filter-c1 a convolution of x by such a filter has dy's shape; conv2d_grad_filter-c2 parts >= 1.
  }];
  let arguments = (ins Image:$dy, Image:$x, I64Attr:$kernel_height, I64Attr:$kernel_width, I64Attr:$stride, I64Attr:$padding,
                       DefaultValuedAttr<I64Attr, "1">:$parts);
  let assemblyFormat = [{ $dy `,` $x `kernel` $kernel_height `x` $kernel_width `stride` $stride `padding` $padding (`parts` $parts^)?
                          attr-dict `:` functional-type(operands, results) }];
}

def GeneralConv2dGradInputOp : GraphValueOp<"conv2d_general_grad_input", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "the gradient of a general convolution's input, a picture of height x width";
  let description = [{
    Constraint conv2d_general_grad_input-c1: a general convolution of such a picture by the filter has dy's shape.
  }];
  let arguments = (ins Image:$dy, Filter:$filter, I64Attr:$height, I64Attr:$width, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, I64Attr:$groups);
  let assemblyFormat = [{ $dy `,` $filter `height` $height `width` $width `strides` $strides `dilations` $dilations `pads` $pads
                          `groups` $groups attr-dict `:` functional-type(operands, results) }];
}

def GeneralConv2dGradFilterOp : GraphValueOp<"conv2d_general_grad_filter", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch", "printStructure"]>, LayoutAware]> {
  let summary = "the gradient of a general convolution's filter, [O, I / groups, kernel_height, kernel_width]";
  let description = [{
    Constraint conv2d_general_grad_filter-c1: a general convolution of x by such a filter has dy's shape.
  }];
  let arguments = (ins Image:$dy, Image:$x, I64Attr:$kernel_height, I64Attr:$kernel_width, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, I64Attr:$groups);
  let assemblyFormat = [{ $dy `,` $x `kernel` $kernel_height `x` $kernel_width `strides` $strides `dilations` $dilations
                          `pads` $pads `groups` $groups attr-dict `:` functional-type(operands, results) }];
}

def SumPartsOp : GraphValueOp<"sum_parts", [DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch"]>, LayoutAware]> {
  let summary = "the sum of a filter's gradient that was computed in parts: [P * O, I, kh, kw] -> [O, I, kh, kw], in order";
  let description = [{ Constraint sum_parts-c1: the first axis has `parts` equal parts, one at least. }];
  let arguments = (ins Filter:$x, I64Attr:$parts);
  let assemblyFormat = "$x `parts` $parts attr-dict `:` functional-type(operands, results)";
}

def LinearGradFilterOp : GraphValueOp<"linear_grad_filter", [DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch"]>, LayoutAware]> {
  let summary = "the gradient of a linear layer's filter: dw[o, k] = sum over n of dy[n, o] * x[n, k]";
  let description = [{ Constraint linear_grad_filter-c1: dy is [N, O] and x is [N, K]. }];
  let arguments = (ins RankedF32:$dy, RankedF32:$x);
  let assemblyFormat = "$dy `,` $x attr-dict `:` functional-type(operands, results)";
}

def ChannelSumsOp : GraphValueOp<"channel_sums", [DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["readsBatch"]>, LayoutAware]> {
  let summary = "the sum over all images and pixels of a channel: the gradient of a bias";
  let description = [{ Constraint channel_sums-c1: x has channels. }];
  let arguments = (ins RankedF32:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

//===- gradients of the rest -===//

def ReluGradInputOp : GraphValueOp<"relu_grad_input", [DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue"]>, LayoutAware]> {
  let summary = "dy, but 0 where relu's result y <= 0";
  let description = [{ Where y is NaN so is what came before it: dy passes. Constraint relu_grad_input-c1: both have one shape. }];
  let arguments = (ins RankedF32:$dy, RankedF32:$y_forward);
  let assemblyFormat = "$dy `,` $y_forward attr-dict `:` functional-type(operands, results)";
}

def ScaleChannelsOp : GraphValueOp<"scale_channels", [DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue"]>, LayoutAware]> {
  let summary = "x * scale[c]: the gradient of a batch norm whose statistics stand";
  let description = [{ Constraint scale_channels-c1: the scale is [C]. }];
  let arguments = (ins RankedF32:$x, Vector:$scale);
  let assemblyFormat = "$x `,` $scale attr-dict `:` functional-type(operands, results)";
}

def MaxPoolGradInputOp : GraphValueOp<"max_pool_grad_input", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "each dy at the place of its window's maximum in x, the first in reading order; sums where windows share it";
  let description = [{ A NaN is a maximum. Constraint max_pool_grad_input-c1: the pooling of x has dy's shape. }];
  let arguments = (ins Image:$dy, Image:$x, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       UnitAttr:$ceil);
  let assemblyFormat = [{ $dy `,` $x `kernel` $kernel `strides` $strides `pads` $pads (`ceil` $ceil^)? attr-dict
                          `:` functional-type(operands, results) }];
}

def GlobalAvgPoolGradInputOp : GraphValueOp<"global_avg_pool_grad_input", [DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "dy[n, c] / (height * width) at every pixel";
  let description = [{ Constraint global_avg_pool_grad_input-c1: dy is [N, C], height and width at least 1. }];
  let arguments = (ins RankedF32:$dy, I64Attr:$height, I64Attr:$width);
  let assemblyFormat = "$dy `height` $height `width` $width attr-dict `:` functional-type(operands, results)";
}

def AvgPoolGradInputOp : GraphValueOp<"avg_pool_grad_input", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "the sum at each pixel of the dy of the windows that it lies in, each by its window's divisor";
  let description = [{ Constraint avg_pool_grad_input-c1: the pooling of a picture of height x width has dy's shape. }];
  let arguments = (ins Image:$dy, I64Attr:$height, I64Attr:$width, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, UnitAttr:$ceil, UnitAttr:$include_pad, UnitAttr:$sum);
  let assemblyFormat = [{ $dy `height` $height `width` $width `kernel` $kernel `strides` $strides `pads` $pads (`ceil` $ceil^)?
                          (`include_pad` $include_pad^)? (`sum` $sum^)? attr-dict `:` functional-type(operands, results) }];
}

def UpsampleGradInputOp : GraphValueOp<"upsample_grad_input", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "the gradient of a bilinear upsampling: each dy spread over the pixels that it is made of, by their weights";
  let description = [{ Constraint upsample_grad_input-c1: dy is a whole number of times `factor` high and wide, factor >= 1. }];
  let arguments = (ins Image:$dy, I64Attr:$factor);
  let assemblyFormat = "$dy `factor` $factor attr-dict `:` functional-type(operands, results)";
}

def ReflectPadGradInputOp : GraphValueOp<"reflect_pad_grad_input", [DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "the sum at each pixel of the dy of all places that show it";
  let description = [{ Constraint reflect_pad_grad_input-c1: a picture larger than its four pads, each at least 0, becomes of dy's size. }];
  let arguments = (ins Image:$dy, DenseI64ArrayAttr:$pads);
  let assemblyFormat = "$dy `pads` $pads attr-dict `:` functional-type(operands, results)";
}

def SubsampleGradInputOp : GraphValueOp<"subsample_grad_input", [
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "dy at every stride-th row and column of a picture of height x width, 0 between";
  let description = [{ Constraint subsample_grad_input-c1: the subsampling of such a picture has dy's shape. }];
  let arguments = (ins Image:$dy, I64Attr:$stride, I64Attr:$height, I64Attr:$width);
  let assemblyFormat = "$dy `stride` $stride `height` $height `width` $width attr-dict `:` functional-type(operands, results)";
}

def TakeChannelsOp : GraphValueOp<"take_channels", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Fusible, ["printStructure"]>, LayoutAware]> {
  let summary = "`count` channels from `first` on; also the gradient of pad_channels and concat";
  let description = [{ Constraint take_channels-c1: x has these channels. }];
  let arguments = (ins Image:$x, I64Attr:$first, I64Attr:$count);
  let assemblyFormat = "$x `first` $first `count` $count attr-dict `:` functional-type(operands, results)";
}

def UnflattenOp : GraphValueOp<"unflatten", [DeclareOpInterfaceMethods<Differentiable>,
    DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "[N, C * H * W] -> [N, C, H, W] in NCHW order: the gradient of flatten";
  let description = [{ Constraint unflatten-c1: x is [N, channels * height * width]. }];
  let arguments = (ins RankedF32:$x, I64Attr:$channels, I64Attr:$height, I64Attr:$width);
  let assemblyFormat = "$x `channels` $channels `height` $height `width` $width attr-dict `:` functional-type(operands, results)";
}

def SoftmaxGradInputOp : GraphValueOp<"softmax_grad_input", [DeclareOpInterfaceMethods<Costed>, Fusible, LayoutAware]> {
  let summary = "y * (dy - sum over classes of dy * y), y being softmax's result";
  let description = [{ Constraint softmax_grad_input-c1: both are [N, C]. }];
  let arguments = (ins RankedF32:$dy, RankedF32:$y_forward);
  let assemblyFormat = "$dy `,` $y_forward attr-dict `:` functional-type(operands, results)";
}

#endif
