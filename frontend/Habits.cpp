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
    {"split", "take_channels"},
    {"chunk", "take_channels"},
    {"narrow", "take_channels"},
    {"slice", "take_channels"},
    {"reshape", "unflatten"},
    {"view", "unflatten"},
    {"unflatten", "unflatten"},
    {"interpolate", "upsample"},
    {"upsampling2d", "upsample"},
    {"upsamplingnearest2d", "upsample"},
    {"reflectionpad2d", "reflect_pad"},
    {"reflectpad2d", "reflect_pad"},
};

static constexpr llvm::StringLiteral unsupported[] = {
    "attention",
    "batchnorm3d",
    "celu",
    "conv1d",
    "conv3d",
    "convtranspose",
    "convtranspose1d",
    "convtranspose2d",
    "convtranspose3d",
    "deconv",
    "deconvolution",
    "dropout2d",
    "elu",
    "embedding",
    "glu",
    "gru",
    "instancenorm2d",
    "instancenorm",
    "layernorm",
    "lstm",
    "lrn",
    "localresponsenorm",
    "logsoftmax",
    "matmul",
    "maxunpool2d",
    "mha",
    "multiheadattention",
    "multiheadselfattention",
    "pixelshuffle",
    "relu6",
    "rnn",
    "scaleddotproductattention",
    "selfattention",
    "selu",
    "softplus",
    "tanh",
    "transformer",
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
    {"inplace", "the compiler decides where results stand: leave it out"},
};

static constexpr Pair valueNames[] = {
    {"True", "true"},
    {"False", "false"},
};

static constexpr Pair valueHints[] = {
    {"None", "an argument that is left out has its default"}, {"none", "an argument that is left out has its default"},
    {"null", "an argument that is left out has its default"}, {"nil", "an argument that is left out has its default"},
    {"inf", "there is no infinity: write the number"},        {"pi", "there are no constants: write the number"},
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

bool skip::frontend::isUnsupported(llvm::StringRef callee) { return llvm::is_contained(unsupported, bare(callee)); }

llvm::StringRef skip::frontend::ourParameter(llvm::StringRef keyword) { return valueOf(parameterNames, keyword); }

llvm::StringRef skip::frontend::hintForParameter(llvm::StringRef keyword) { return valueOf(parameterHints, keyword); }

llvm::StringRef skip::frontend::ourValue(llvm::StringRef name) { return valueOf(valueNames, name); }

llvm::StringRef skip::frontend::hintForValue(llvm::StringRef name) { return valueOf(valueHints, name); }

llvm::StringRef skip::frontend::hintForWord(llvm::StringRef word) { return valueOf(words, word); }
