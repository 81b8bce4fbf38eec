// Registers the plan dialect; its verifiers.
#include "ir/plan/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace skip;
using namespace skip::plan;

#include "ir/plan/PlanDialect.cpp.inc"
#include "ir/plan/PlanEnums.cpp.inc"

#include "ir/plan/PlanAttrInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/plan/PlanAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "ir/plan/PlanOps.cpp.inc"

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/plan/PlanAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/plan/PlanOps.cpp.inc"
      >();
}

LogicalResult PlanDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() == roleAttr && !llvm::isa<RoleAttr>(attribute.getValue()))
    return op->emitError("`plan.role` must be a #plan.role<...>");
  return success();
}

LogicalResult plan::requireLayouts(KernelOp kernel) {
  return kernel.getLayouts() ? success() : kernel.emitError("has no `layouts`: run `plan-assign-layouts` first");
}

FailureOr<TargetInterface> plan::targetOf(Operation *op) {
  auto module = llvm::isa<ModuleOp>(op) ? llvm::cast<ModuleOp>(op) : op->getParentOfType<ModuleOp>();
  if (auto target = module->getAttrOfType<TargetInterface>(targetAttr))
    return target;
  if (Attribute other = module->getAttr(targetAttr))
    return module.emitError("`plan.target` is no target: ") << other, failure();
  return module.emitError("the module has no `plan.target`"), failure();
}

std::string plan::joinSizes(llvm::ArrayRef<int64_t> sizes) {
  return llvm::join(llvm::map_range(sizes, [](int64_t size) { return std::to_string(size); }), "x");
}

plan::Role plan::roleOf(Operation *function) {
  auto role = function->getAttrOfType<RoleAttr>(roleAttr);
  return role ? role.getValue() : Role::run;
}

LogicalResult WinogradAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t tile, int64_t group, bool) {
  return tile >= 1 && group >= 1 ? success() : emitError() << "tile and group must be at least 1";
}

LogicalResult LayoutAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, LayoutKind kind, int64_t halo,
                                 int64_t tile, int64_t group, int64_t kernel, int64_t stride, Element) {
  if (kind == LayoutKind::partial && group < 2)
    return emitError() << "a layout of kind partial has at least 2 addends as its group";
  bool hasSizes = kind != LayoutKind::winograd || (tile >= 1 && group >= 1 && kernel >= 1 && stride >= 1);
  if (halo != 0 && (kind == LayoutKind::nhwc || kind == LayoutKind::krsc || kind == LayoutKind::partial))
    return emitError() << "a layout of kind " << stringifyLayoutKind(kind) << " has no halo";
  return halo >= 0 && hasSizes ? success() : emitError() << "a layout's halo, tile, group, kernel or stride is too small";
}

/// A prologue stands between, at most.
static bool readsInputs(graph::Contraction op) {
  return llvm::isa<BlockArgument>(op.getPicture()) && llvm::isa<BlockArgument>(op.getFilter()) &&
         (!op.getBias() || llvm::isa<BlockArgument>(op.getBias()));
}

LogicalResult KernelOp::verify() {
  if (getBody().getArgumentTypes() != getInputs().getTypes())
    return emitOpError("kernel-c1: the region's arguments must have the inputs' types");
  auto yield = llvm::dyn_cast<YieldOp>(getBody().front().getTerminator());
  if (!yield || yield.getValues().getTypes() != getOutputs().getTypes())
    return emitOpError("kernel-c1: the region must yield values of the results' types");
  size_t operands = getInputs().size() + getOutputs().size();
  if ((getLayouts() && getLayouts()->size() != operands) || (getSlots() && getSlots()->size() != operands))
    return emitOpError("kernel-c2: there must be one layout and one slot for each input and result");
  if (!llvm::all_of(getBody().getOps<graph::Contraction>(), readsInputs))
    return emitOpError("kernel-c3: a contraction reads its picture, filter and bias from inputs of the kernel");
  return success();
}

static bool isOneOfSeveral(Value value) {
  auto result = llvm::dyn_cast<OpResult>(value);
  return result && result.getOwner()->getNumResults() > 1;
}

/// A kernel of one result is called as that is. Of several, each is called as the value of the graph that it is; a copy as what
/// it copies.
std::string KernelOp::nameOf(unsigned index) {
  Value value = getBody().front().getTerminator()->getOperand(index);
  if (auto relayout = value.getDefiningOp<RelayoutOp>())
    value = relayout.getX();
  if (auto argument = llvm::dyn_cast<BlockArgument>(value))
    value = getInputs()[argument.getArgNumber()];
  return getNumResults() > 1 || isOneOfSeveral(value) ? graph::valueName(value) : graph::valueName(getLoc()).str();
}

llvm::SmallVector<Operation *, 2> KernelOp::roots() {
  llvm::SmallVector<Operation *, 2> found;
  for (Operation &op : getBody().front())
    if (auto fusible = llvm::dyn_cast<graph::Fusible>(op))
      if (fusible.canBeRoot() &&
          !(fusible.canBePrologue() && llvm::hasSingleElement(op.getUsers()) && llvm::isa<graph::Fusible>(*op.user_begin()) &&
            llvm::cast<graph::Fusible>(*op.user_begin()).takesPrologue()))
        found.push_back(&op);
  return found;
}

int64_t RelayoutOp::multiplyAdds() { return 0; }
std::optional<int64_t> RelayoutOp::operandCost(unsigned, graph::LayoutFamily) { return 0; }
