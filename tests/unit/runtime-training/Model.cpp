// Images by hand, and kernels in C++ that compute in double and round once.
#include "tests/unit/runtime-training/Model.h"

#include "runtime/Backend.h"

#include <cmath>

namespace test {

static constexpr int64_t lanes = SKIP_LANES, featureBlocks = (features + 15) / 16, classBlocks = (classes + 15) / 16;
static constexpr uint64_t stemBytes = featureBlocks * inputs * lanes * 4, featureBytes = featureBlocks * lanes * 4;
static constexpr uint64_t weightBytes = classBlocks * featureBlocks * lanes * lanes * 4, biasBytes = classBlocks * lanes * 4;

static int64_t stemPlace(int64_t f, int64_t i) { return (f / lanes * inputs + i) * lanes + f % lanes; }
static int64_t weightPlace(int64_t c, int64_t f) {
  return ((c / lanes * featureBlocks + f / lanes) * lanes + f % lanes) * lanes + c % lanes;
}

static const float *in(void *const *operands, int index) { return static_cast<const float *>(operands[index]); }
static float *out(void *const *operands, int index) { return static_cast<float *>(operands[index]); }

/// h of all images: [n][features].
static std::vector<double> stemOf(const float *x, const float *stem, int64_t n) {
  std::vector<double> h(n * features);
  for (int64_t image = 0; image < n; ++image)
    for (int64_t f = 0; f < features; ++f)
      for (int64_t i = 0; i < inputs; ++i)
        h[image * features + f] += double{x[image * inputs + i]} * stem[stemPlace(f, i)];
  return h;
}

/// x, folded stem, its bias, W, b -> logits; one unit.
static void infer(void *const *operands, const int64_t *params, int64_t, int64_t) {
  int64_t n = params[3];
  std::vector<double> h = stemOf(in(operands, 0), in(operands, 1), n);
  for (int64_t image = 0; image < n; ++image)
    for (int64_t c = 0; c < classes; ++c) {
      double sum = in(operands, 4)[c];
      for (int64_t f = 0; f < features; ++f)
        sum += in(operands, 3)[weightPlace(c, f)] * (h[image * features + f] + in(operands, 2)[f]);
      out(operands, 5)[image * classes + c] = static_cast<float>(sum);
    }
}

namespace {
/// Mean and deviation of each feature.
struct Moments {
  std::vector<double> mean = std::vector<double>(features), variance = mean;
  Moments(const std::vector<double> &h, int64_t n) {
    for (int64_t f = 0; f < features; ++f) {
      for (int64_t image = 0; image < n; ++image)
        mean[f] += h[image * features + f] / static_cast<double>(n);
      for (int64_t image = 0; image < n; ++image)
        variance[f] += std::pow(h[image * features + f] - mean[f], 2) / static_cast<double>(n);
    }
  }
  double normal(double h, int64_t f) const { return (h - mean[f]) / std::sqrt(variance[f] + epsilon); }
};
} // namespace

/// Softmax of `logits` less one at the label, over n; returns the loss.
static double differentiate(std::vector<double> &logits, int32_t label, int64_t n) {
  double most = -INFINITY, sum = 0;
  for (double logit : logits)
    most = std::fmax(most, logit);
  for (double logit : logits)
    sum += std::exp(logit - most);
  double loss = most + std::log(sum) - logits[label];
  for (int64_t c = 0; c < classes; ++c)
    logits[c] = (std::exp(logits[c] - most) / sum - (c == label)) / static_cast<double>(n);
  return loss;
}

std::atomic<bool> insideKernel;

/// x, labels, stem, {W, b, gamma, beta}, their gradients, {mean, variance} of the group, loss, logits; one unit.
static void computeGradients(void *const *operands, const int64_t *params) {
  int64_t n = params[3];
  const auto *labels = static_cast<const int32_t *>(operands[1]);
  const float *w = in(operands, 3), *b = in(operands, 4), *gamma = in(operands, 5), *beta = in(operands, 6);
  std::vector<double> h = stemOf(in(operands, 0), in(operands, 2), n);
  Moments moments(h, n);
  std::vector<double> gw(classes * features), gb(classes), ggamma(features), gbeta(features);
  double loss = 0;
  for (int64_t image = 0; image < n; ++image) {
    std::vector<double> logits(classes);
    auto z = [&](int64_t f) { return gamma[f] * moments.normal(h[image * features + f], f) + beta[f]; };
    for (int64_t c = 0; c < classes; ++c) {
      logits[c] = b[c];
      for (int64_t f = 0; f < features; ++f)
        logits[c] += w[weightPlace(c, f)] * z(f);
      out(operands, 14)[image * classes + c] = static_cast<float>(logits[c]);
    }
    loss += differentiate(logits, labels[image], n) / static_cast<double>(n);
    for (int64_t c = 0; c < classes; ++c) {
      gb[c] += logits[c];
      for (int64_t f = 0; f < features; ++f) {
        gw[c * features + f] += logits[c] * z(f);
        gbeta[f] += logits[c] * w[weightPlace(c, f)];
        ggamma[f] += logits[c] * w[weightPlace(c, f)] * moments.normal(h[image * features + f], f);
      }
    }
  }
  for (int64_t c = 0; c < classes; ++c)
    for (int64_t f = 0; f < features; ++f)
      out(operands, 7)[weightPlace(c, f)] = static_cast<float>(gw[c * features + f]);
  for (int64_t c = 0; c < classes; ++c)
    out(operands, 8)[c] = static_cast<float>(gb[c]);
  for (int64_t f = 0; f < features; ++f) {
    out(operands, 9)[f] = static_cast<float>(ggamma[f]);
    out(operands, 10)[f] = static_cast<float>(gbeta[f]);
    out(operands, 11)[f] = static_cast<float>(moments.mean[f]);
    out(operands, 12)[f] = static_cast<float>(moments.variance[f] * static_cast<double>(n) / static_cast<double>(n - 1));
  }
  *out(operands, 13) = static_cast<float>(loss);
}

static void train(void *const *operands, const int64_t *params, int64_t, int64_t) {
  insideKernel = true;
  computeGradients(operands, params);
  insideKernel = false;
}

static const SkipX86Kernel inferKernel = {"infer", {infer, infer}, {{1, 1, 1}, {1, 1, 1}}};
static const SkipX86Kernel trainKernel = {"train", {train, train}, {{1, 1, 1}, {1, 1, 1}}};

static constexpr SkipTensor tensors[] = {
    {"stem.weight", 4, 0, {features, inputs, 1, 1}},
    {"bn.weight", 1, 0, {features}},
    {"bn.bias", 1, 0, {features}},
    {"bn.running_mean", 1, 0, {features}},
    {"bn.running_var", 1, 0, {features}},
    {"fc.weight", 2, 0, {classes, features}},
    {"fc.bias", 1, 0, {classes}},
};
enum { stem, gamma, beta, mean, variance, weight, bias };

static constexpr SkipLoad entry(SkipLoadKind kind, uint64_t offset, uint64_t bytes, int64_t outputs, int64_t ins,
                                SkipLayout layout) {
  SkipLoad load = {};
  load.kind = kind;
  load.offset = offset;
  load.bytes = bytes;
  load.dims[0] = outputs;
  load.dims[1] = ins;
  load.dims[2] = load.dims[3] = 1;
  load.layout = layout;
  load.epsilon = epsilon;
  load.source = load.bias = load.gamma = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
  return load;
}
static constexpr SkipLoad filter(int32_t source, uint64_t offset) {
  SkipLoad load = source == stem ? entry(SKIP_LOAD_CONV_WEIGHT, offset, stemBytes, features, inputs, SKIP_LAYOUT_FILTER1)
                                 : entry(SKIP_LOAD_CONV_WEIGHT, offset, weightBytes, classes, features, SKIP_LAYOUT_FILTER16);
  load.source = source;
  return load;
}
static constexpr SkipLoad vector(int32_t tensor, uint64_t offset) {
  SkipLoad load = tensor == bias ? entry(SKIP_LOAD_BIAS, offset, biasBytes, classes, 1, SKIP_LAYOUT_VECTOR)
                                 : entry(SKIP_LOAD_BIAS, offset, featureBytes, features, 1, SKIP_LAYOUT_VECTOR);
  load.bias = tensor;
  return load;
}
static constexpr SkipLoad foldedStem() {
  SkipLoad load = filter(stem, 0);
  load.gamma = gamma;
  load.variance = variance;
  return load;
}
static constexpr SkipLoad foldedBias() {
  SkipLoad load = vector(beta, stemBytes);
  load.bias = SKIP_NO_TENSOR;
  load.gamma = gamma;
  load.beta = beta;
  load.mean = mean;
  load.variance = variance;
  return load;
}
static constexpr SkipLoad loads[] = {foldedStem(), foldedBias(), filter(weight, stemBytes + featureBytes),
                                     vector(bias, stemBytes + featureBytes + weightBytes)};
static constexpr SkipLoad frozenLoads[] = {filter(stem, 0)};

static constexpr uint64_t biasAt = weightBytes, gammaAt = biasAt + biasBytes, betaAt = gammaAt + featureBytes,
                          meanAt = betaAt + featureBytes, varianceAt = meanAt + featureBytes,
                          gradientAt = varianceAt + featureBytes, groupAt = gradientAt + meanAt,
                          stateBytes = groupAt + 2 * featureBytes;
static constexpr SkipLoad state[] = {filter(weight, 0),    vector(bias, biasAt), vector(gamma, gammaAt),
                                     vector(beta, betaAt), vector(mean, meanAt), vector(variance, varianceAt)};
static constexpr SkipStatistic statistics[] = {{meanAt, groupAt, featureBytes},
                                               {varianceAt, groupAt + featureBytes, featureBytes}};

static constexpr SkipOperand at(SkipSegment segment, uint64_t offset, uint64_t bytes, uint32_t index = 0) {
  return {static_cast<uint32_t>(segment), index, offset, bytes, 0, 0};
}
static constexpr SkipParam params[] = {{1, -1, 0}, {1, -1, 0}, {1, -1, 0}, {1, 0, 0}};

/// The variants differ only in their bounds.
template <int64_t bound> struct Variant {
  static constexpr SkipExtent extents[] = {{bound, bound}};
  static constexpr SkipSection sections[] = {{0, 1, bound}};
  static constexpr SkipOperand inferOperands[] = {
      at(SKIP_SEGMENT_INPUT, 0, bound * inputs * 4),
      at(SKIP_SEGMENT_WEIGHTS, 0, stemBytes),
      at(SKIP_SEGMENT_WEIGHTS, stemBytes, featureBytes),
      at(SKIP_SEGMENT_WEIGHTS, stemBytes + featureBytes, weightBytes),
      at(SKIP_SEGMENT_WEIGHTS, stemBytes + featureBytes + weightBytes, biasBytes),
      at(SKIP_SEGMENT_OUTPUT, 0, bound * classes * 4),
  };
  static constexpr SkipOperand trainOperands[] = {
      at(SKIP_SEGMENT_INPUT, 0, bound * inputs * 4),
      at(SKIP_SEGMENT_INPUT, 0, bound * 4, 1),
      at(SKIP_SEGMENT_WEIGHTS, 0, stemBytes),
      at(SKIP_SEGMENT_STATE, 0, weightBytes),
      at(SKIP_SEGMENT_STATE, biasAt, biasBytes),
      at(SKIP_SEGMENT_STATE, gammaAt, featureBytes),
      at(SKIP_SEGMENT_STATE, betaAt, featureBytes),
      at(SKIP_SEGMENT_STATE, gradientAt, weightBytes),
      at(SKIP_SEGMENT_STATE, gradientAt + biasAt, biasBytes),
      at(SKIP_SEGMENT_STATE, gradientAt + gammaAt, featureBytes),
      at(SKIP_SEGMENT_STATE, gradientAt + betaAt, featureBytes),
      at(SKIP_SEGMENT_STATE, groupAt, featureBytes),
      at(SKIP_SEGMENT_STATE, groupAt + featureBytes, featureBytes),
      at(SKIP_SEGMENT_OUTPUT, 0, 4),
      at(SKIP_SEGMENT_OUTPUT, 0, bound * classes * 4, 1),
  };
  static constexpr SkipStep inferStep = {"fc", 0, 0, 6, 1, 0, 4}, trainStep = {"fc", 0, 0, 15, 8, 0, 4};
  static constexpr SkipVariant infer = {
      1, 1, 1, 1, 0, 0, extents, sections, nullptr, &inferStep, inferOperands, params, &inferKernel, 0, 0};
  static constexpr SkipVariant train = {
      1, 1, 1, 1, 0, 0, extents, sections, nullptr, &trainStep, trainOperands, params, &trainKernel, 0, 0};
};

static const SkipVariant inferVariants[] = {Variant<4>::infer, Variant<mostImages>::infer};
static const SkipVariant trainVariants[] = {Variant<4>::train, Variant<mostImages>::train};

static constexpr SkipTargetImage target(const SkipVariant *variants, const SkipLoad *loads, uint32_t count, uint64_t bytes) {
  SkipTargetImage image = {};
  image.target = SKIP_TARGET_X86;
  image.variantCount = 2;
  image.loadCount = count;
  image.backend = &skipX86Backend;
  image.variants = variants;
  image.loads = loads;
  image.weightsBytes = bytes;
  image.loadFingerprint = count;
  return image;
}
static const SkipTargetImage inference = target(inferVariants, loads, 4, stemBytes + featureBytes + weightBytes + biasBytes);
static const SkipTargetImage training = target(trainVariants, frozenLoads, 1, stemBytes);

static const SkipPort inPorts[] = {{"x", 2, SKIP_PORT_F32, {-1, inputs}}, {"labels", 1, SKIP_PORT_I32, {-1}}};
static const SkipPort outPorts[] = {{"loss", 1, SKIP_PORT_F32, {1}}, {"logits", 2, SKIP_PORT_F32, {-1, classes}}};

static constexpr SkipModelImage modelImage(uint32_t inputCount, const SkipPort *outputs, uint32_t outputCount,
                                           const SkipTargetImage *target) {
  SkipModelImage image = {};
  image.abiVersion = SKIP_ABI_VERSION;
  image.inputCount = inputCount;
  image.outputCount = outputCount;
  image.tensorCount = 7;
  image.targetCount = 1;
  image.name = "tiny";
  image.compiler = "by hand";
  image.inputs = inPorts;
  image.outputs = outputs;
  image.tensors = tensors;
  image.targets = target;
  return image;
}

} // namespace test

extern "C" const SkipModelImage skipModelImage = test::modelImage(1, test::outPorts + 1, 1, &test::inference);
extern "C" const SkipTrainingImage skipTrainingImage = {.model = test::modelImage(2, test::outPorts, 2, &test::training),
                                                        .stateCount = 6,
                                                        .statisticCount = 2,
                                                        .state = test::state,
                                                        .statistics = test::statistics,
                                                        .decayedBytes = test::weightBytes,
                                                        .parameterBytes = test::meanAt,
                                                        .gradientOffset = test::gradientAt,
                                                        .groupOffset = test::groupAt,
                                                        .stateBytes = test::stateBytes};
