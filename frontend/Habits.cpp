// Tables of other frameworks' names. Names of operations are compared without case and underscores: `batch_norm`,
// `BatchNorm2d`.
#include "frontend/Habits.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip::frontend;

namespace {
struct Pair {
  llvm::StringLiteral theirs, ours;
};
} // namespace

static constexpr Pair operationNames[] = {
    {"batchnorm", "bn"},
    {"batchnorm1d", "bn"},
    {"batchnorm2d", "bn"},
    {"batchnormalization", "bn"},
    {"frozenbatchnorm2d", "bn"},
    {"groupnorm", "group_norm"},
    {"groupnormalization", "group_norm"},
    {"conv2d", "conv"},
    {"convolution", "conv"},
    {"relu", "relu"},
    {"dense", "linear"},
    {"fc", "linear"},
    {"fullyconnected", "linear"},
    {"gemm", "linear"},
    {"linear", "linear"},
    {"maxpool", "max_pool"},
    {"maxpool2d", "max_pool"},
    {"maxpooling2d", "max_pool"},
    {"avgpool", "avg_pool"},
    {"avgpool2d", "avg_pool"},
    {"averagepool", "avg_pool"},
    {"averagepooling2d", "avg_pool"},
    {"adaptiveavgpool2d", "adaptive_avg_pool"},
    {"adaptivemaxpool2d", "adaptive_max_pool"},
    {"gap", "global_avg_pool"},
    {"globalavgpool", "global_avg_pool"},
    {"globalaveragepool", "global_avg_pool"},
    {"globalaveragepooling2d", "global_avg_pool"},
    {"globalattentionpool", "attention_pool"},
    {"globalattentionpooling", "attention_pool"},
    {"flatten", "flatten"},
    {"softmax", "softmax"},
    {"dropout", "dropout"},
    {"sigmoid", "sigmoid"},
    {"silu", "silu"},
    {"swish", "silu"},
    {"gelu", "gelu"},
    {"hardsigmoid", "hard_sigmoid"},
    {"hardswish", "hard_swish"},
    {"hswish", "hard_swish"},
    {"hsigmoid", "hard_sigmoid"},
    {"mish", "mish"},
    {"leakyrelu", "leaky_relu"},
    {"lrelu", "leaky_relu"},
    {"prelu", "prelu"},
    {"add", "add"},
    {"multiply", "mul"},
    {"cat", "concat"},
    {"concatenate", "concat"},
    {"unflatten", "unflatten"},
    {"interpolate", "upsample"},
    {"upsampling2d", "upsample"},
    {"upsamplingnearest2d", "upsample"},
    {"reflectionpad2d", "reflect_pad"},
    {"reflectpad2d", "reflect_pad"},
};

/// Of operationNames, those whose arguments mean another thing here, by position or where they are left out.
static constexpr Pair otherArguments[] = {
    {"batchnorm", "it is `bn` here, which takes the channels of its input"},
    {"batchnorm1d", "it is `bn` here, which takes the channels of its input"},
    {"batchnorm2d", "it is `bn` here, which takes the channels of its input"},
    {"batchnormalization", "it is `bn` here, which takes the channels of its input"},
    {"frozenbatchnorm2d", "it is `bn` here, which takes the channels of its input, and changes in training alone"},
    {"groupnorm", "it is `group_norm(groups)` here, which takes the channels of its input"},
    {"groupnormalization", "it is `group_norm(groups)` here, which takes the channels of its input"},
    {"conv2d", "it is `conv(channels, kernel)` here: of its input's channels nothing is said, and `pad` is half the kernel if "
               "it is left out"},
    {"convolution", "it is `conv(channels, kernel)` here: of its input's channels nothing is said, and `pad` is half the "
                    "kernel if it is left out"},
    {"linear", "it is `linear(features)` here: of its input's size nothing is said"},
    {"maxpool", "it is `max_pool(kernel, stride)` here, and `pad` is half the kernel if it is left out"},
    {"maxpool2d", "it is `max_pool(kernel, stride)` here, and `pad` is half the kernel if it is left out"},
    {"maxpooling2d", "it is `max_pool(kernel, stride)` here, and `pad` is half the kernel if it is left out"},
    {"flatten", "it is `flatten` here, of all but the batch"},
    {"softmax", "it is `softmax` here, over the channels"},
    {"prelu", "it is `prelu` here, with a slope for each channel of its input"},
    {"interpolate", "it is `upsample(factor)` here"},
    {"unflatten", "it is `unflatten(channels, height, width)` here"},
    {"reflectionpad2d", "it is `reflect_pad([top, left, bottom, right])` here"},
    {"reflectpad2d", "it is `reflect_pad([top, left, bottom, right])` here"},
};

/// What Skip has not, with what comes near to it, where something does.
static constexpr Pair unsupported[] = {
    {"abs", ""},
    {"absolute", ""},
    {"adaptiveavgpool1d", ""},
    {"adaptiveavgpool3d", ""},
    {"adaptivemaxpool1d", ""},
    {"adaptivemaxpool3d", ""},
    {"affinegrid", ""},
    {"alphadropout", "in inference it does nothing, so that a network without it gives the same"},
    {"argmax", "`skipc run` and `eval` take the largest of the classes themselves"},
    {"attention", ""},
    {"avgpool1d", ""},
    {"avgpool3d", ""},
    {"batchnorm3d", ""},
    {"bilinear", "a layer of two inputs; `upsample(2, mode = bilinear)` makes an image larger"},
    {"bmm", ""},
    {"celu", ""},
    {"channelshuffle", ""},
    {"circularpad2d", ""},
    {"clamp", ""},
    {"clip", ""},
    {"constantpad2d", ""},
    {"conv1d", ""},
    {"conv3d", ""},
    {"convtranspose", ""},
    {"convtranspose1d", ""},
    {"convtranspose2d", ""},
    {"convtranspose3d", ""},
    {"cos", ""},
    {"cosinesimilarity", ""},
    {"deconv", ""},
    {"deconvolution", ""},
    {"deformconv", ""},
    {"deformconv2d", ""},
    {"depthtospace", ""},
    {"dequantize", ""},
    {"div", ""},
    {"divide", ""},
    {"dropout1d", "in inference it does nothing, so that a network without it gives the same"},
    {"dropout2d", "in inference it does nothing, so that a network without it gives the same"},
    {"dropout3d", "in inference it does nothing, so that a network without it gives the same"},
    {"droppath", "in inference it does nothing, so that a network without it gives the same"},
    {"einsum", ""},
    {"elu", ""},
    {"embedding", ""},
    {"exp", ""},
    {"fold", ""},
    {"fractionalmaxpool2d", ""},
    {"glu", ""},
    {"gridsample", ""},
    {"gru", ""},
    {"hardshrink", ""},
    {"hardtanh", ""},
    {"instancenorm", ""},
    {"instancenorm1d", ""},
    {"instancenorm2d", ""},
    {"instancenorm3d", ""},
    {"layernorm", ""},
    {"layernorm2d", ""},
    {"localresponsenorm", ""},
    {"log", ""},
    {"logsigmoid", ""},
    {"logsoftmax", ""},
    {"lppool", ""},
    {"lppool2d", ""},
    {"lrn", ""},
    {"lstm", ""},
    {"matmul", ""},
    {"maximum", "`max(a, b)` is of numbers"},
    {"maxpool1d", ""},
    {"maxpool3d", ""},
    {"maxunpool2d", ""},
    {"mha", ""},
    {"minimum", "`min(a, b)` is of numbers"},
    {"mm", ""},
    {"multiheadattention", ""},
    {"multiheadselfattention", ""},
    {"neg", ""},
    {"nms", ""},
    {"normalize", ""},
    {"pixelshuffle", ""},
    {"pixelunshuffle", ""},
    {"pow", "`mul(x, x)` squares a tensor"},
    {"quantize", ""},
    {"reducemax", ""},
    {"reducemin", ""},
    {"reducesum", ""},
    {"relu6", ""},
    {"replicationpad2d", ""},
    {"rmsnorm", ""},
    {"rnn", ""},
    {"roialign", ""},
    {"roipool", ""},
    {"roll", ""},
    {"rrelu", "in inference it is `leaky_relu` with the mean of its bounds as the slope, 0.22916667 where none are given"},
    {"rsqrt", ""},
    {"scaleddotproductattention", ""},
    {"selfattention", ""},
    {"selu", ""},
    {"sin", ""},
    {"softmax2d", ""},
    {"softmin", ""},
    {"softplus", ""},
    {"softshrink", ""},
    {"softsign", ""},
    {"spacetodepth", ""},
    {"sqrt", ""},
    {"square", "`mul(x, x)` squares a tensor"},
    {"stack", ""},
    {"stochasticdepth", "in inference it does nothing, so that a network without it gives the same"},
    {"sub", ""},
    {"subtract", ""},
    {"sum", ""},
    {"tanh", ""},
    {"tanhshrink", ""},
    {"threshold", ""},
    {"thresholdedrelu", ""},
    {"transformer", ""},
    {"unfold", ""},
    {"upsamplingbicubic2d", ""},
    {"upsamplingbilinear2d",
     "it puts corners upon corners; `upsample(2, mode = bilinear)` puts the centres of pixels where they lie in the image"},
};

/// What is no operation here, and what to write for it. None of these is an edit: it depends on what stands around.
static constexpr Pair otherWays[] = {
    {"activation", "an activation is an operation of its own: `|> relu`"},
    {"chunk", "`take_channels(first, count)` takes some of the channels"},
    {"crossentropy", "a `train` statement trains by the cross-entropy; an inference has no loss"},
    {"crossentropyloss", "a `train` statement trains by the cross-entropy; an inference has no loss"},
    {"depthwiseconv", "it is a convolution of as many groups as channels: `conv(channels(x), 3, groups = channels(x))`"},
    {"depthwiseconv2d", "it is a convolution of as many groups as channels: `conv(channels(x), 3, groups = channels(x))`"},
    {"groupedconv2d", "it is `conv` with `groups`"},
    {"identity", "what changes nothing is left out"},
    {"mean", "`global_avg_pool` is the mean over height and width"},
    {"modulelist", "`x |> layer1: repeat(count, block, ...)` repeats a block"},
    {"narrow", "`take_channels(first, count)` takes some of the channels"},
    {"pad", "what pads is a convolution or a pool: `conv(64, 3, pad = [top, left, bottom, right])`, with zeros"},
    {"permute", "a tensor is [channels, height, width] and stays so: leave it out"},
    {"reducemean", "`global_avg_pool` is the mean over height and width"},
    {"reshape", "`flatten` makes a vector of an image, `unflatten(channels, height, width)` an image of a vector"},
    {"separableconv", "it is two: `x |> depthwise: conv(channels(x), 3, groups = channels(x)) |> pointwise: conv(64, 1)`"},
    {"separableconv2d", "it is two: `x |> depthwise: conv(channels(x), 3, groups = channels(x)) |> pointwise: conv(64, 1)`"},
    {"sequential", "operations follow each other by `|>`: `x |> conv1: conv(64, 3) |> bn1: bn |> relu`"},
    {"slice", "`take_channels(first, count)` takes some of the channels"},
    {"split", "`take_channels(first, count)` takes some of the channels"},
    {"squeeze", "`flatten` makes a vector of [channels, 1, 1]"},
    {"syncbatchnorm", "`bn` is batch norm; of how many images training takes its statistics, `groups` of `train` says"},
    {"transpose", "a tensor is [channels, height, width] and stays so: leave it out"},
    {"unsqueeze", "`unflatten(channels, height, width)` makes an image of a vector"},
    {"view", "`flatten` makes a vector of an image, `unflatten(channels, height, width)` an image of a vector"},
    {"zeropad", "what pads is a convolution: `conv(64, 3, pad = [top, left, bottom, right])`"},
    {"zeropad2d", "what pads is a convolution: `conv(64, 3, pad = [top, left, bottom, right])`"},
    {"zeropadding2d", "what pads is a convolution: `conv(64, 3, pad = [top, left, bottom, right])`"},
};

static constexpr Pair parameterNames[] = {
    {"kernel_size", "kernel"},     {"padding", "pad"},         {"strides", "stride"},
    {"out_channels", "channels"},  {"filters", "channels"},    {"out_features", "features"},
    {"units", "features"},         {"epsilon", "eps"},         {"p", "rate"},
    {"negative_slope", "slope"},   {"scale_factor", "factor"}, {"output_size", "size"},
    {"dilation_rate", "dilation"}, {"num_groups", "groups"},
};

static constexpr Pair parameterHints[] = {
    {"in_channels", "the number of channels is that of the tensor that goes in: leave it out"},
    {"in_features", "the number of features is that of the tensor that goes in: leave it out"},
    {"num_features", "the number of channels is that of the tensor that goes in: leave it out"},
    {"num_channels", "the number of channels is that of the tensor that goes in: leave it out"},
    {"padding_mode", "what is padded is zero, but for what `reflect_pad` pads: leave it out"},
    {"momentum", "how running statistics move is the same for all batch norms: leave it out"},
    {"affine", "a batch norm has scale and shift: leave it out"},
    {"track_running_stats", "a batch norm keeps its statistics: leave it out"},
    {"activation", "an activation is an operation of its own, behind this one: `|> relu`"},
    {"inplace", "the compiler decides where results stand: leave it out"},
    {"dim", "channels are what is joined, taken and summed over, of each image by itself: leave it out"},
    {"axis", "channels are what is joined, taken and summed over, of each image by itself: leave it out"},
    {"keepdim", "a result has the shape that its operation says: leave it out"},
};

static constexpr Pair valueNames[] = {
    {"True", "true"},
    {"False", "false"},
};

static constexpr Pair valueHints[] = {
    {"None", "an argument that is left out has its default"},
    {"none", "an argument that is left out has its default"},
    {"same", "padding is a number: half of the kernel, rounded down, keeps the size at stride 1"},
    {"valid", "padding is a number, and 0 where it is left out"},
    {"null", "an argument that is left out has its default"},
    {"nil", "an argument that is left out has its default"},
    {"inf", "there is no infinity: write the number"},
    {"pi", "there are no constants: write the number"},
};

/// Operators between tensors, or a tensor and a number.
static constexpr Pair tensorOperators[] = {
    {"+", "`+` adds two tensors of one shape; a number is added by the bias of the layer before, or of a `bn`"},
    {"-", "nothing is subtracted from a tensor: signs are those of the weights of the layer before, or of a `bn`"},
    {"*", "`mul(a, b)` multiplies two tensors; a number is a factor of the weights of the layer before, or of a `bn`"},
    {"/", "nothing divides a tensor: a number is a factor of the weights of the layer before, or of a `bn`"},
    {"%", "numbers have remainders, tensors have not"},
    {"<", "what a tensor holds is not known when the spec is compiled, which is when conditions are"},
    {"<=", "what a tensor holds is not known when the spec is compiled, which is when conditions are"},
    {">", "what a tensor holds is not known when the spec is compiled, which is when conditions are"},
    {">=", "what a tensor holds is not known when the spec is compiled, which is when conditions are"},
    {"==", "what a tensor holds is not known when the spec is compiled, which is when conditions are"},
    {"!=", "what a tensor holds is not known when the spec is compiled, which is when conditions are"},
};

/// Characters that start no token here.
static constexpr Pair symbols[] = {
    {"@", "tensors have no product of matrices: `linear(features)` multiplies one by a filter"},
    {"&", "conditions are joined by `and`"},
    {"|", "conditions are joined by `or`; operations follow their value by `|>`"},
    {"!", "a condition is turned round by `not`"},
    {"?", "a choice is written `if condition then a else b`"},
    {"$", "a value is called by its name alone"},
};

static constexpr Pair words[] = {
    {"let", "a value is given a name by `name = ...` alone"},
    {"var", "a value is given a name by `name = ...` alone"},
    {"const", "a value is given a name by `name = ...` alone"},
    {"for", "`x |> layer1: repeat(count, block, ...)` repeats a block"},
    {"while", "`x |> layer1: repeat(count, block, ...)` repeats a block"},
    {"def", "a block is declared by `block name(x, width) { ... }`"},
    {"fn", "a block is declared by `block name(x, width) { ... }`"},
    {"func", "a block is declared by `block name(x, width) { ... }`"},
    {"function", "a block is declared by `block name(x, width) { ... }`"},
    {"class", "a network is declared by `model name(classes = 1000) { ... }`"},
    {"elif", "write `else if`"},
    {"nn", "operations stand without a module: `conv`, `bn`, `relu`"},
    {"F", "operations stand without a module: `conv`, `bn`, `relu`"},
    {"torch", "operations stand without a module: `conv`, `bn`, `relu`"},
    {"tf", "operations stand without a module: `conv`, `bn`, `relu`"},
    {"keras", "operations stand without a module: `conv`, `bn`, `relu`"},
    {"self", "a value is called by its name alone"},
    {"int", "a value or parameter has no type: `classes = 1000`"},
    {"float", "a value or parameter has no type: `classes = 1000`"},
    {"double", "a value or parameter has no type: `classes = 1000`"},
    {"bool", "a value or parameter has no type: `classes = 1000`"},
    {"str", "a value or parameter has no type: `classes = 1000`"},
    {"string", "a value or parameter has no type: `classes = 1000`"},
    {"assert", "what a spec needs is said by `require condition, \"why\"`"},
    {"print", "`skipc summary` prints the layers, `skipc run --output` values"},
    {"auto", "a value is given a name by `name = ...` alone"},
    {"Tensor", "a value or parameter has no type: `block name(x, width) { ... }`"},
};

static llvm::StringRef valueOf(llvm::ArrayRef<Pair> table, llvm::StringRef theirs) {
  const Pair *found = llvm::find_if(table, [&](const Pair &pair) { return pair.theirs == theirs; });
  return found == table.end() ? "" : llvm::StringRef(found->ours);
}

static std::string bare(llvm::StringRef callee) {
  std::string name = callee.take_front(64).lower();
  llvm::erase(name, '_');
  return name;
}

llvm::StringRef skip::frontend::ourOperation(llvm::StringRef callee) { return valueOf(operationNames, bare(callee)); }

llvm::StringRef skip::frontend::hintForArguments(llvm::StringRef callee) { return valueOf(otherArguments, bare(callee)); }

bool skip::frontend::isUnsupported(llvm::StringRef callee) {
  return llvm::any_of(unsupported, [name = bare(callee)](const Pair &pair) { return pair.theirs == name; });
}

llvm::StringRef skip::frontend::hintForOperation(llvm::StringRef callee) {
  llvm::StringRef near = valueOf(unsupported, bare(callee));
  return near.empty() ? valueOf(otherWays, bare(callee)) : near;
}

llvm::StringRef skip::frontend::ourParameter(llvm::StringRef keyword) { return valueOf(parameterNames, keyword); }

llvm::StringRef skip::frontend::hintForParameter(llvm::StringRef keyword) { return valueOf(parameterHints, keyword); }

llvm::StringRef skip::frontend::hintForTensorOperator(llvm::StringRef op) { return valueOf(tensorOperators, op); }

llvm::StringRef skip::frontend::ourValue(llvm::StringRef name) { return valueOf(valueNames, name); }

llvm::StringRef skip::frontend::hintForValue(llvm::StringRef name) { return valueOf(valueHints, name); }

llvm::StringRef skip::frontend::hintForSymbol(char symbol) { return valueOf(symbols, llvm::StringRef(&symbol, 1)); }

llvm::StringRef skip::frontend::hintForWord(llvm::StringRef word) { return valueOf(words, word); }
