// Copies the model for each batch bound: schedules and memory differ, layouts and weights do not.
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_SPLITVARIANTS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

namespace {
struct SplitVariants : plan::impl::SplitVariantsBase<SplitVariants> {
  using SplitVariantsBase::SplitVariantsBase;

  void runOnOperation() override {
    llvm::SmallVector<func::FuncOp> models(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp model : models) {
      OpBuilder builder(model);
      std::string name = model.getName().str();
      for (auto [i, batch] : llvm::enumerate(batches)) { // the last one needs no copy: a deep network's takes its time
        auto variant = i + 1 < batches.size() ? llvm::cast<func::FuncOp>(builder.clone(*model)) : model;
        variant.setName((name + "_b" + llvm::Twine(batch)).str());
        variant->setAttr(plan::batchAttr, builder.getI64IntegerAttr(batch));
      }
    }
  }
};
} // namespace
