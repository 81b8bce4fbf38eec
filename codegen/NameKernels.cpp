// Names kernels by their structure: `conv3x3s1b.relu`. What is equal is compiled once, in whatever layer, batch or variant it
// stands: the code of ResNet-1202 is that of ResNet-20. Different kernels of one structure are numbered.
#include "codegen/NameKernels.h"

#include "codegen/LowerPlan.h"
#include "codegen/TargetLowering.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Plan.h"

#include "llvm/ADT/StringMap.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace skip;
using namespace skip::codegen;
using plan::KernelOp;
using plan::LayoutKind;

/// Of a tensor that holds transformed windows.
static void printWindows(llvm::raw_ostream &os, plan::LayoutAttr layout, Value tensor) {
  if (layout.getKind() != LayoutKind::winograd)
    return;
  os << ".winograd" << layout.getTile() << "g" << layout.getGroup();
  if (layout.getStride() == 2)
    os << "k" << layout.getKernel() << "c"
       << plan::winogradPlanarChannels(plan::winogradTaps(layout),
                                       llvm::cast<RankedTensorType>(tensor.getType()).getDimSize(1));
}

/// The operations in order, each as its structure says, with what people tell contractions apart by.
static std::string labelOf(const TargetLowering &target, KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    os << (&op == &kernel.getBody().front().front() ? "" : ".");
    if (auto fusible = llvm::dyn_cast<graph::Fusible>(op))
      fusible.printStructure(os);
  }
  for (const plan::ContractionView &view : plan::contractionsOf(kernel)) {
    if (view.isLinear)
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
  for (unsigned output = 0; output < kernel.getOutputs().size(); ++output)
    printWindows(os, kernel.outputLayout(output), kernel.getResult(output));
  target.printTiling(os, kernel);
  return text;
}

namespace {
class Naming {
public:
  explicit Naming(TargetLowering &target) : target(target) {}
  LogicalResult name(KernelOp kernel);

private:
  TargetLowering &target;
  llvm::StringMap<llvm::SmallVector<size_t, 1>> known; // identities by label, in the order of their numbers
};

struct NameKernels : PassWrapper<NameKernels, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(NameKernels)

  llvm::StringRef getArgument() const override { return "plan-name-kernels"; }
  llvm::StringRef getDescription() const override {
    return "give every kernel of a finished plan a name, one for each identity";
  }
  void runOnOperation() override {
    if (failed(nameAll()))
      signalPassFailure();
  }

private:
  LogicalResult nameAll();
};
} // namespace

LogicalResult Naming::name(KernelOp kernel) {
  if (failed(plan::requireLayouts(kernel)))
    return failure();
  if (!kernel.getSchedules())
    return kernel.emitError("has no `schedules`: run `plan-choose-schedules` first");
  std::optional<size_t> identity = target.identityOf(kernel);
  if (!identity)
    return refuse(target, kernel);
  std::string label = labelOf(target, kernel);
  llvm::SmallVector<size_t, 1> &identities = known[label];
  size_t number = llvm::find(identities, *identity) - identities.begin();
  if (number == identities.size())
    identities.push_back(*identity);
  kernel.setKernel(number ? label + "." + std::to_string(number) : label);
  return success();
}

LogicalResult NameKernels::nameAll() {
  FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
  if (failed(target))
    return failure();
  LoweredModel unused; // the kernels are named, none is compiled
  std::unique_ptr<TargetLowering> lowering = loweringFor(*target, unused);
  if (!lowering)
    return getOperation().emitError("no kernels are made for the target ") << *target;
  Naming naming(*lowering);
  bool isNamed = true; // all that have no name are told
  getOperation().walk([&](KernelOp kernel) { isNamed &= succeeded(naming.name(kernel)); });
  return success(isNamed);
}

std::unique_ptr<Pass> codegen::createNameKernels() { return std::make_unique<NameKernels>(); }

void codegen::buildPipeline(OpPassManager &passes, const plan::PipelineOptions &options) {
  plan::buildPipeline(passes, options);
  passes.addPass(createNameKernels());
}

void codegen::registerNameKernels() { PassRegistration<NameKernels>(); }
