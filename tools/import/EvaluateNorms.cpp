// Norms by the statistics of their input: of each channel of an image, of groups of channels, or of the last dimensions.
#include "tools/import/Operation.h"

#include "tools/import/Constant.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

/// (x - mean) / sqrt(variance + epsilon) of each run of `size` elements, which divides the input's.
static void normalize(Tensor &x, int64_t size, double epsilon) {
  auto count = static_cast<double>(size);
  for (int64_t first = 0; first < x.size(); first += size) {
    auto run = llvm::MutableArrayRef<double>(x.data).slice(first, size);
    double mean = 0, variance = 0;
    for (double value : run)
      mean += value / count;
    for (double value : run)
      variance += (value - mean) * (value - mean) / count;
    for (double &value : run)
      value = (value - mean) / std::sqrt(variance + epsilon);
  }
}

/// x by scale[i / inner % count] and bias[i / inner % count] of inputs 1 and 2, which have `count` elements; the bias may be
/// left out where `needsBias` is not set.
static Results scaled(const Operation &op, Tensor x, int64_t inner, int64_t count, bool needsBias) {
  for (size_t i : {1, 2})
    if ((i == 1 || needsBias || op.has(i)) && op.tensor(i).size() != count)
      return op.fail("input " + llvm::Twine(i) + " has " + llvm::Twine(op.tensor(i).size()) + " elements, not " +
                     llvm::Twine(count));
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t which = i / inner % count;
    x.data[i] = x.data[i] * op.tensor(1).data[which] + (op.has(2) ? op.tensor(2).data[which] : 0);
  }
  return one(std::move(x));
}

/// The elements of one of `groups` groups of channels of x, [N, C, ...]; an error where they do not divide them.
static llvm::Expected<int64_t> groupSize(const Operation &op, const Tensor &x, int64_t groups) {
  if (x.shape.size() < 2 || groups < 1 || x.dim(1) % groups != 0 || x.size() == 0)
    return op.fail("its input has no channels that " + llvm::Twine(groups) + " groups divide");
  return x.size() / x.dim(0) / groups;
}

Results onnx::evaluateInstanceNorm(Operation &op) {
  double epsilon = op.attributes.real("epsilon", 1e-5);
  if (llvm::Error error = op.needInputs(3, 3))
    return error;
  Tensor x = op.tensor(0);
  llvm::Expected<int64_t> size = groupSize(op, x, x.shape.size() < 2 ? 0 : x.dim(1));
  if (!size)
    return size.takeError();
  int64_t channels = x.dim(1);
  normalize(x, *size, epsilon);
  return scaled(op, std::move(x), *size, channels, true);
}

/// With a scale and a bias for each group; from opset 21 on it is for each channel, of which no file is read.
Results onnx::evaluateGroupNorm(Operation &op) {
  double epsilon = op.attributes.real("epsilon", 1e-5);
  int64_t groups = op.attributes.integer("num_groups", 0);
  op.attributes.ignore("stash_type"); // of the numbers in between, which are doubles here
  if (llvm::Error error = op.needInputs(3, 3))
    return error;
  Tensor x = op.tensor(0);
  llvm::Expected<int64_t> size = groupSize(op, x, groups);
  if (!size)
    return size.takeError();
  normalize(x, *size, epsilon);
  return scaled(op, std::move(x), *size, groups, true);
}

Results onnx::evaluateLayerNorm(Operation &op) {
  double epsilon = op.attributes.real("epsilon", 1e-5);
  op.attributes.ignore("stash_type");
  if (llvm::Error error = op.needInputs(2, 3))
    return error;
  Tensor x = op.tensor(0);
  llvm::Expected<size_t> axis = op.axis(op.attributes.integer("axis", -1), x.shape.size());
  if (!axis)
    return axis.takeError();
  std::optional<int64_t> size = countElements(llvm::ArrayRef(x.shape).drop_front(*axis));
  if (!size || *size < 1)
    return op.fail("it normalises nothing");
  normalize(x, *size, epsilon);
  return scaled(op, std::move(x), 1, *size, false);
}
