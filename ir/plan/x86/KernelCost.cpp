// What a turn of a kernel is predicted to take, in multiply-adds at the peak rate of one core.
//
// Of a contraction that is what it multiplies, whole groups of tiles where it is Winograd's, or what its filters take to come
// from memory, where it has too few pixels to be busy meanwhile. All else takes as long in one plan as in another.
#include "ir/plan/Contractions.h"
#include "ir/plan/x86/Problems.h"
#include "ir/plan/x86/Shapes.h"
#include "ir/plan/x86/Strassen.h"

using namespace mlir;
using namespace skip;
using plan::X86TargetAttr;

static constexpr double kPerFilterElement = 10; // multiply-adds while one comes from memory: 60 a nanosecond, 6 GB/s
static constexpr double kPerStep = 50'000;      // a microsecond: where threads wait for each other, and what is not full

static double filterElements(const plan::ContractionView &view) {
  return double(view.kernelHeight * view.kernelWidth * view.inChannels) * double(view.outChannels);
}

static double costOf(const plan::ContractionView &view, int64_t images, double share) {
  if (!view.winograd)
    return filterElements(view) * double(view.outHeight * view.outWidth * images) / plan::kDirectEfficiency * share;
  return plan::predictedCost(plan::problemOf(view, images),
                             {view.winograd.getTile(), view.winograd.getGroup(), view.winograd.getFused()});
}

double X86TargetAttr::predictedCost(Operation *op, int64_t images) const {
  auto kernel = llvm::cast<KernelOp>(op);
  double cost = kPerStep, share = usesStrassen(kernel) ? plan::kStrassenShare : 1;
  for (const ContractionView &view : contractionsOf(kernel))
    cost += std::max(costOf(view, images, share), filterElements(view) * kPerFilterElement);
  return cost;
}
