// Batch norm by the statistics that it is given, or in training by those of its input: so weights are standardised, with one
// channel for each filter.
#include "tools/import/Operation.h"

#include <cmath>

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

namespace {
struct Statistics {
  std::vector<double> mean, variance; ///< of each channel
};
} // namespace

/// [N, C, ...]: over all but the channels.
static Statistics statisticsOf(const Tensor &x, int64_t inner) {
  auto channels = static_cast<size_t>(x.dim(1));
  Statistics all{std::vector<double>(channels), std::vector<double>(channels)};
  auto count = static_cast<double>(x.size()) / static_cast<double>(x.dim(1));
  for (int64_t i = 0; i < x.size(); ++i)
    all.mean[i / inner % x.dim(1)] += x.data[i] / count;
  for (int64_t i = 0; i < x.size(); ++i) {
    double off = x.data[i] - all.mean[i / inner % x.dim(1)];
    all.variance[i / inner % x.dim(1)] += off * off / count;
  }
  return all;
}

Results onnx::evaluateBatchNorm(Operation &op) {
  double epsilon = op.attributes.real("epsilon", 1e-5);
  op.attributes.ignore("momentum"); // of other outputs
  bool isTraining = op.attributes.integer("training_mode", 0) != 0;
  if (llvm::Error error = op.needInputs(5, 5))
    return error;
  Tensor y = op.tensor(0);
  if (y.shape.size() < 2)
    return op.fail("its input has no channels");
  for (size_t i = 1; i < 5; ++i)
    if (op.tensor(i).size() != y.dim(1))
      return op.fail("input " + llvm::Twine(i) + " has " + llvm::Twine(op.tensor(i).size()) + " elements for " +
                     llvm::Twine(y.dim(1)) + " channels");
  int64_t inner = stridesOf(y.shape)[1];
  Statistics statistics = isTraining ? statisticsOf(y, inner) : Statistics{op.tensor(3).data, op.tensor(4).data};
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t c = i / inner % y.dim(1);
    y.data[i] = op.tensor(1).data[c] * (y.data[i] - statistics.mean[c]) / std::sqrt(statistics.variance[c] + epsilon) +
                op.tensor(2).data[c];
  }
  return one(std::move(y));
}
