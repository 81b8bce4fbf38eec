// Finds the numbers of images that are computed faster in parts, each by the plan for as many.
//
// A plan for 8 images may take 4 at a time, whose tiles fill the groups that its kernels multiply whole; then a fifth one costs
// as much as four, and a plan for 1 image computes it in a quarter of that. The cost model (TargetInterface::predictedCost)
// says what each number of images takes by its plan, and from that follows, number by number, what its best parts take:
//
//   ResNet-18, plans for 1 and 8 images    n     1  2  3  4  5  6  7  8
//                                 its first part  1  1  3  4  4  4  7  8
//
// Parts have to be predicted well ahead, since a prediction is no measurement, and since threads share less work in them.
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_DIVIDERUNS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

static constexpr double kDemandedShare = 0.95; // of the undivided run's cost, at most
static constexpr double kBelow = 1 - 1e-9;     // of sums of the same costs the larger part first
static constexpr int64_t kMostImages = 1024;   // of a larger batch the last few are next to nothing

namespace {
/// What runs of one variant's plan take.
class VariantCost {
public:
  VariantCost(func::FuncOp function, int64_t batch, plan::TargetInterface target) : batch(batch), target(target) {
    llvm::append_range(kernels, function.getOps<plan::KernelOp>());
    known.resize(kernels.size());
  }

  double of(int64_t images) {
    double cost = 0;
    for (size_t step = 0; step < kernels.size(); ++step) {
      int64_t atATime = kernels[step].getImages().value_or(batch);
      cost += double(images / atATime) * turn(step, atATime) + turn(step, images % atATime);
    }
    return cost;
  }

private:
  double turn(size_t step, int64_t images) {
    if (images == 0)
      return 0;
    auto [place, isNew] = known[step].try_emplace(images, 0);
    if (isNew)
      place->second = target.predictedCost(kernels[step], images);
    return place->second;
  }

  int64_t batch;
  plan::TargetInterface target;
  llvm::SmallVector<plan::KernelOp> kernels;
  std::vector<llvm::DenseMap<int64_t, double>> known; // of each kernel, by images
};

struct DivideRuns : plan::impl::DivideRunsBase<DivideRuns> {
  void runOnOperation() override {
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    llvm::SmallVector<func::FuncOp> variants(getOperation().getOps<func::FuncOp>());
    if (variants.size() > 1) // one plan takes turns as it is
      divide(variants, *target);
  }

private:
  static void divide(llvm::ArrayRef<func::FuncOp> variants, plan::TargetInterface target) {
    std::vector<double> undivided{0}, least{0}; // of n images
    for (func::FuncOp variant : variants) {
      int64_t batch = variant->getAttrOfType<IntegerAttr>(plan::batchAttr).getInt();
      if (batch > kMostImages)
        return;
      VariantCost cost(variant, batch, target);
      llvm::SmallVector<int64_t> parts;
      bool isDivided = false;
      while (int64_t(least.size()) <= batch) {
        int64_t images = int64_t(least.size()), first = images;
        double whole = cost.of(images);
        undivided.push_back(whole);
        least.push_back(whole);
        for (int64_t part = images - 1; part > 0; --part) // what remains behind it is divided in its turn
          if (double divided = undivided[part] + least[images - part];
              divided < std::min(kDemandedShare * whole, kBelow * least[images])) {
            least[images] = divided;
            first = part;
          }
        isDivided |= first < images;
        parts.push_back(first);
      }
      if (isDivided)
        variant->setAttr(plan::partsAttr, Builder(variant).getDenseI64ArrayAttr(parts));
    }
  }
};
} // namespace
