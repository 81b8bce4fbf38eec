// Places what training changes in the state, which outlives runs: the parameters first, those that decay before the others,
// then running statistics, gradients like the parameters, and what a group's batch norms found.
//
// So an update is a few loops over long ranges, whatever the depth of the network, and gradients are one array.
#include "passes/plan/Passes.h"

#include "ir/plan/Layout.h"

#include "llvm/ADT/MapVector.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_PLACESTATE
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::Segment;
using plan::SlotAttr;

namespace {
class StatePlaces {
public:
  StatePlaces(ModuleOp module, int64_t alignment)
      : module(module), alignment(alignment), functions(module.getOps<func::FuncOp>()) {}
  LogicalResult run();

private:
  LogicalResult readLoads(func::FuncOp function);
  LogicalResult place(llvm::StringRef listName, llvm::function_ref<bool(Attribute)> isOfPart);
  LogicalResult placeResults(func::FuncOp function);
  SlotAttr slotAt(int64_t offset, int64_t bytes) {
    return SlotAttr::get(module.getContext(), Segment::state, 0, offset, bytes, 0);
  }

  ModuleOp module;
  int64_t alignment, used = 0, gradients = 0, group = 0;
  llvm::SmallVector<func::FuncOp> functions;
  llvm::MapVector<Attribute, llvm::SmallVector<plan::LoadOp>> loads; // by parameter, of all functions
  llvm::DenseMap<Attribute, SlotAttr> slots;
};
} // namespace

static llvm::ArrayRef<Attribute> listOf(func::FuncOp function, llvm::StringRef name) {
  auto list = function->getAttrOfType<ArrayAttr>(name);
  return list ? list.getValue() : llvm::ArrayRef<Attribute>();
}

/// One parameter has one place, so all that read it agree how it lies there.
LogicalResult StatePlaces::readLoads(func::FuncOp function) {
  llvm::DenseSet<Attribute> changing; // a deep network has thousands
  changing.insert_range(listOf(function, graph::trainableAttr));
  changing.insert_range(listOf(function, graph::trackedAttr));
  for (auto load : function.getOps<plan::LoadOp>()) {
    FlatSymbolRefAttr parameter = plan::parameterOf(load);
    if (!changing.contains(parameter))
      continue;
    auto &known = loads[parameter];
    if (!known.empty() && (known.front().getLayout() != load.getLayout() || known.front().getDims() != load.getDims()))
      return load.emitError("the parameter ") << parameter << " is trained, and read in two forms";
    known.push_back(load);
  }
  return success();
}

/// Gives the parameters of a function's list that belong to a part their places, each once.
LogicalResult StatePlaces::place(llvm::StringRef listName, llvm::function_ref<bool(Attribute)> isOfPart) {
  for (func::FuncOp function : functions)
    for (Attribute parameter : listOf(function, listName)) {
      if (!isOfPart(parameter) || slots.contains(parameter))
        continue;
      auto readers = loads.find(parameter);
      if (readers == loads.end())
        return function.emitError("nothing reads the parameter ") << parameter << ", which the function changes";
      plan::LoadOp load = readers->second.front();
      int64_t bytes = plan::packedBytes(load.getDims(), load.getLayout(), false);
      slots[parameter] = slotAt(used, bytes);
      used += static_cast<int64_t>(llvm::alignTo(bytes, alignment));
      for (plan::LoadOp reader : readers->second)
        reader.setSlotAttr(slots[parameter]);
    }
  return success();
}

/// Gradients lie as their parameters; what a group's batch norms found, in the order of the results.
LogicalResult StatePlaces::placeResults(func::FuncOp function) {
  int64_t next = group;
  llvm::SmallVector<DictionaryAttr> all; // set at once: each change makes the whole list anew
  auto setSlot = [&](unsigned index, SlotAttr slot) {
    NamedAttrList attributes(all[index]);
    attributes.set(plan::slotAttr, slot);
    all[index] = attributes.getDictionary(module.getContext());
  };
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    all.push_back(function.getResultAttrDict(i) ? function.getResultAttrDict(i) : DictionaryAttr::get(module.getContext()));
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto result = llvm::cast<RankedTensorType>(function.getResultTypes()[i]);
    if (Attribute parameter = function.getResultAttr(i, graph::gradientAttr)) {
      SlotAttr slot = slots.lookup(parameter);
      auto kernel = function.getBody().front().getTerminator()->getOperand(i).getDefiningOp<plan::KernelOp>();
      if (!slot || !kernel)
        return function.emitError("result ") << i << " is the gradient of " << parameter << ", which has no place";
      unsigned index = llvm::cast<OpResult>(function.getBody().front().getTerminator()->getOperand(i)).getResultNumber();
      if (plan::LoadOp load = loads[parameter].front(); kernel.outputLayout(index) != load.getLayout())
        return kernel.emitError("the gradient of ")
               << parameter << " is " << kernel.outputLayout(index) << ", the parameter " << load.getLayout();
      setSlot(i, slotAt(gradients + slot.getOffset(), slot.getBytes()));
    } else if (function.getResultAttr(i, graph::statisticAttr)) {
      int64_t bytes = plan::packedBytes(plan::parameterDims(result),
                                        plan::LayoutAttr::get(module.getContext(), plan::LayoutKind::vector), false);
      setSlot(i, slotAt(next, bytes));
      next += static_cast<int64_t>(llvm::alignTo(bytes, alignment));
    }
  }
  if (llvm::any_of(all, [](DictionaryAttr attributes) { return !attributes.empty(); }))
    function.setAllResultAttrs(all);
  used = std::max(used, next);
  return success();
}

LogicalResult StatePlaces::run() {
  llvm::DenseSet<Attribute> decayed;
  for (func::FuncOp function : functions) {
    decayed.insert_range(listOf(function, graph::decayedAttr));
    if (failed(readLoads(function)))
      return failure();
  }
  if (loads.empty())
    return success();
  if (failed(place(graph::trainableAttr, [&](Attribute parameter) { return decayed.contains(parameter); })))
    return failure();
  int64_t decayedBytes = used;
  if (failed(place(graph::trainableAttr, [](Attribute) { return true; })))
    return failure();
  int64_t parameterBytes = used;
  if (failed(place(graph::trackedAttr, [](Attribute) { return true; })))
    return failure();
  gradients = used;
  group = used += parameterBytes;
  for (func::FuncOp function : functions)
    if (failed(placeResults(function)))
      return failure();
  module->setAttr(plan::stateAttr,
                  plan::StateAttr::get(module.getContext(), decayedBytes, parameterBytes, gradients, group, used));
  return success();
}

namespace {
struct PlaceState : plan::impl::PlaceStateBase<PlaceState> {
  void runOnOperation() override {
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target) || failed(StatePlaces(getOperation(), target->alignment()).run()))
      signalPassFailure();
  }
};
} // namespace
