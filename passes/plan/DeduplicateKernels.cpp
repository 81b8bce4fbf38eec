// Names kernels by their structure. What is equal is compiled once, in whatever layer, batch or variant it stands: the code of
// ResNet-1202 is that of ResNet-20.
#include "passes/plan/Passes.h"

#include "ir/plan/Layout.h"
#include "ir/plan/Plan.h"
#include "ir/plan/Shapes.h"

#include "llvm/ADT/StringMap.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_DEDUPLICATEKERNELS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::KernelOp;
using plan::LayoutKind;

/// What code depends on where a tensor holds transformed windows.
static void printWindows(llvm::raw_ostream &os, plan::LayoutAttr layout, Value tensor) {
  if (layout.getKind() != LayoutKind::winograd)
    return;
  os << ".winograd" << layout.getTile() << "g" << layout.getGroup();
  if (layout.getStride() == 2)
    os << "k" << layout.getKernel() << "c"
       << plan::winogradPlanarChannels(plan::winogradTaps(layout),
                                       llvm::cast<RankedTensorType>(tensor.getType()).getDimSize(1));
}

static bool isStrassen(KernelOp kernel) {
  return llvm::any_of(kernel.getSchedulesAttr(), [](Attribute schedule) {
    auto conv = llvm::dyn_cast<plan::ConvScheduleAttr>(schedule);
    return conv && conv.getUnitBlocks() > 0;
  });
}

/// The operations in order, each as its structure says, with what else the code of a contraction depends on.
static std::string structureOf(KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    os << (&op == &kernel.getBody().front().front() ? "" : ".");
    if (auto fusible = llvm::dyn_cast<graph::Fusible>(op))
      fusible.printStructure(os);
  }
  for (const plan::ContractionView &view : plan::contractionsOf(kernel)) {
    if (llvm::isa<graph::LinearOp>(view.op))
      os << "." << view.kernelHeight << "x" << view.kernelWidth;
    if (kernel.inputLayout(view.input.getArgNumber()).getKind() == LayoutKind::planar)
      os << ".planar";
    if (view.winograd && view.winograd.getFused())
      os << ".fused" << view.winograd.getTile() << "g" << view.winograd.getGroup() << "c" << view.inChannels;
  }
  if (llvm::isa<plan::RelayoutOp>(kernel.getBody().front().front()))
    os << "." << stringifyLayoutKind(kernel.inputLayout(0).getKind()) << "."
       << stringifyLayoutKind(kernel.outputLayout(0).getKind());
  for (unsigned input = 0; input < kernel.getInputs().size(); ++input)
    printWindows(os, kernel.inputLayout(input), kernel.getInputs()[input]);
  printWindows(os, kernel.outputLayout(0), kernel.getResult(0));
  if (plan::imagesAreColumns(kernel))
    os << ".columns";
  if (isStrassen(kernel)) { // its code depends on how channels and rows are cut
    for (const plan::ContractionView &view : plan::contractionsOf(kernel))
      os << ".c" << view.inChannels;
    os << ".w" << llvm::cast<RankedTensorType>(kernel.getResult(0).getType()).getDimSize(3);
  }
  return text;
}

namespace {
struct DeduplicateKernels : plan::impl::DeduplicateKernelsBase<DeduplicateKernels> {
  void runOnOperation() override {
    // For each structure the schedules seen so far: the first keeps the plain name.
    llvm::StringMap<llvm::SmallVector<Attribute>> known;
    getOperation().walk([&](KernelOp kernel) {
      std::string name = structureOf(kernel);
      llvm::SmallVector<Attribute> &schedules = known[name];
      size_t index = llvm::find(schedules, kernel.getSchedulesAttr()) - schedules.begin();
      if (index == schedules.size())
        schedules.push_back(kernel.getSchedulesAttr());
      if (index > 0)
        name = (llvm::Twine(name) + "." + llvm::Twine(index)).str();
      kernel.setKernelAttr(StringAttr::get(&getContext(), name));
    });
  }
};
} // namespace
