// Cuts the steps into sections, each of which computes some of the batch's images at a time.
//
// Each operation has a number of images that suits it (ir/plan/Sections.h). A kernel takes the least of its operations', and a
// run of kernels that cannot be cut the least of its kernels'. What sums over the batch takes all of it, and so does what has
// no images, as a transposed filter, which would be the same in every turn; between two such a step of training is not cut,
// since what one kernel leaves is the next one's to read, and little work is done on it. There the least is raised to what
// Winograd convolutions were chosen for: with fewer images their groups of tiles would be partly empty, and are multiplied
// whole. Transformed windows cannot cross from one section to another, since a group of tiles holds parts of several images;
// all other tensors can. Neighbours with one number become one section. For ResNet-18 at 16 images:
//
//   1 image at a time up to layer2, 4 in layer3 and layer4, all 16 from the global average pool on
#include "passes/plan/Passes.h"

#include "ir/plan/Layout.h"
#include "ir/plan/Sections.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_FORMSECTIONS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::KernelOp;

static int64_t preferredImages(KernelOp kernel, int64_t batch, plan::TargetInterface target) {
  int64_t images = batch;
  for (Operation &op : kernel.getBody().front())
    images = std::min(images, plan::preferredImages(&op, batch, target.nearBytes(), target.windowBytes(&op)));
  return images;
}

/// How many images the kernel's Winograd convolution was chosen for, whose groups of tiles they fill; 1 of others.
static int64_t imagesOfGroups(KernelOp kernel, int64_t batch, plan::TargetInterface target) {
  int64_t images = 1;
  for (auto conv : kernel.getBody().getOps<graph::Conv2dOp>())
    if (conv->hasAttr(plan::algorithmAttr))
      images = std::max(images, plan::preferredImages(conv, batch, target.nearBytes(), target.windowBytes(conv)));
  return images;
}

/// For each kernel the last one that reads a result of it that holds transformed windows, else itself.
static llvm::SmallVector<int64_t> inseparableEnds(llvm::ArrayRef<KernelOp> kernels) {
  llvm::DenseMap<Operation *, int64_t> stepOf;
  for (auto [step, kernel] : llvm::enumerate(kernels))
    stepOf[kernel] = step;
  llvm::SmallVector<int64_t> ends;
  for (int64_t step = 0; step < int64_t(kernels.size()); ++step) {
    KernelOp kernel = kernels[step];
    int64_t end = step;
    for (OpResult result : kernel->getResults())
      for (Operation *user : result.getUsers())
        if (kernel.outputLayout(result.getResultNumber()).getKind() == plan::LayoutKind::winograd)
          end = std::max(end, stepOf.lookup(user));
    ends.push_back(end);
  }
  return ends;
}

/// Whether the kernel must see the whole batch at once, or would compute the same for each turn.
static bool isWhole(KernelOp kernel) {
  return plan::readsBatch(kernel) || llvm::none_of(kernel->getResultTypes(), [](Type type) {
           return plan::isPerImage(llvm::cast<RankedTensorType>(type));
         });
}

namespace {
struct FormSections : plan::impl::FormSectionsBase<FormSections> {
  void runOnOperation() override {
    auto batch = getOperation()->getAttrOfType<IntegerAttr>(plan::batchAttr);
    if (!batch) {
      getOperation().emitError("the function has no `plan.batch`");
      return signalPassFailure();
    }
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    llvm::SmallVector<KernelOp> kernels(getOperation().getOps<KernelOp>());
    for (KernelOp kernel : kernels)
      if (failed(plan::requireLayouts(kernel)))
        return signalPassFailure();
    llvm::SmallVector<int64_t> ends = inseparableEnds(kernels);
    bool trains = llvm::any_of(kernels, plan::readsBatch);
    for (size_t first = 0; first < kernels.size();) {
      int64_t last = ends[first], images = batch.getInt(), ofGroups = 1;
      bool takesBatch = isWhole(kernels[first]);
      // A step of training is cut at its batch norms alone.
      while (trains && !takesBatch && last + 1 < int64_t(kernels.size()) && !isWhole(kernels[last + 1]))
        ++last;
      for (int64_t step = first; step <= last; ++step) {
        last = std::max(last, ends[step]);
        images = std::min(images, preferredImages(kernels[step], batch.getInt(), *target));
        ofGroups = std::max(ofGroups, trains ? imagesOfGroups(kernels[step], batch.getInt(), *target) : 1);
        takesBatch |= isWhole(kernels[step]);
      }
      images = takesBatch ? batch.getInt() : std::max(images, ofGroups);
      for (; int64_t(first) <= last; ++first)
        kernels[first].setImages(images);
    }
  }
};
} // namespace
