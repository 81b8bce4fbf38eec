// The parts are ranges that an optimizer walks without looking at tables: a parameter in the wrong one would decay, or not be
// trained, without a word.
#include "passes/plan/CheckState.h"

#include "passes/plan/CheckWeights.h"

using namespace mlir;
using namespace skip;
using plan::CheckState;
using plan::Segment;
using plan::SlotAttr;

bool CheckState::lists(func::FuncOp function, llvm::StringRef name, Attribute parameter) {
  auto [at, isNew] = listed.try_emplace({function, name});
  if (auto list = function->getAttrOfType<ArrayAttr>(name); isNew && list)
    at->second.insert_range(list);
  return at->second.contains(parameter);
}

static func::FuncOp functionOf(plan::LoadOp load) { return load->getParentOfType<func::FuncOp>(); }

bool CheckState::holds(LoadOp load) {
  return llvm::any_of(llvm::ArrayRef{load.getSourceAttr(), load.getBiasAttr(), load.getGammaAttr(), load.getBetaAttr(),
                                     load.getMeanAttr(), load.getVarianceAttr()},
                      [&](FlatSymbolRefAttr symbol) {
                        return symbol && (lists(functionOf(load), graph::trainableAttr, symbol) ||
                                          lists(functionOf(load), graph::trackedAttr, symbol));
                      });
}

/// The part of the state that the entry's parameter belongs to.
LogicalResult CheckState::checkPart(LoadOp load) {
  Attribute parameter = load.getSourceAttr() ? load.getSourceAttr() : load.getBiasAttr();
  int64_t begin = state.getParameters(), end = state.getGradients();
  if (lists(functionOf(load), graph::trainableAttr, parameter)) {
    bool decays = lists(functionOf(load), graph::decayedAttr, parameter);
    begin = decays ? 0 : state.getDecayed();
    end = decays ? state.getDecayed() : state.getParameters();
  }
  SlotAttr slot = load.getSlotAttr();
  if (slot.getOffset() >= begin && slot.getOffset() + slot.getBytes() <= end)
    return success();
  return load.emitError("check-13: ") << parameter << " lies in another part of the state than its own";
}

LogicalResult CheckState::add(LoadOp load, SymbolTableCollection &symbols) {
  bool isPlain = !load.getOnto() && !load.getGammaAttr() && !load.getBetaAttr() && !load.getMeanAttr() &&
                 !load.getVarianceAttr() && !load.getBalance() && bool(load.getSourceAttr()) != bool(load.getBiasAttr()) &&
                 load.getKind() == (load.getSourceAttr() ? LoadKind::conv_weight : LoadKind::bias);
  if (!state || !isPlain)
    return load.emitError("check-13: a parameter that changes is folded into another value");
  SlotAttr slot = load.getSlotAttr();
  if (!slot || slot.getSegment() != Segment::state || slot.getIndex() != 0 || slot.getOffset() % alignment ||
      !liesWithin(slot, state.getBytes()) || slot.getBytes() != entryBytes(load))
    return load.emitError("check-13: an entry of ") << entryBytes(load) << " bytes has no place in the state";
  Attribute parameter = load.getSourceAttr() ? load.getSourceAttr() : load.getBiasAttr();
  auto declared = symbols.lookupNearestSymbolFrom<graph::ParameterOp>(load, llvm::cast<FlatSymbolRefAttr>(parameter));
  if (!declared || declared.getTensorType() != load.getValue().getType())
    return load.emitError("check-13: the entry has another shape than ") << parameter;
  auto [known, isNew] = entries.try_emplace(parameter, load);
  if (!isNew)
    return known->second->getAttrDictionary() == load->getAttrDictionary()
               ? success()
               : load.emitError("check-13: ") << parameter << " lies in two places, or in two forms";
  auto [at, isFree] = places.try_emplace(slot.getOffset(), load);
  auto endOf = [](auto place) { return place->first + plan::LoadOp(place->second).getSlotAttr().getBytes(); };
  bool overlaps = !isFree || (at != places.begin() && endOf(std::prev(at)) > at->first) ||
                  (std::next(at) != places.end() && endOf(at) > std::next(at)->first);
  return overlaps ? load.emitError("check-13: two parameters share bytes of the state") : checkPart(load);
}

/// Each gradient as far from the gradients' beginning as its parameter from the state's, in the same layout; statistics behind
/// them, each for itself.
LogicalResult CheckState::checkResults(func::FuncOp function) {
  Operation *end = function.getBody().front().getTerminator();
  std::map<int64_t, int64_t> statistics; // ends by beginnings
  llvm::DenseSet<Attribute> gradients;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    Attribute gradientOf = function.getResultAttr(i, graph::gradientAttr);
    Attribute statisticOf = function.getResultAttr(i, graph::statisticAttr);
    auto slot = function.getResultAttrOfType<SlotAttr>(i, plan::slotAttr);
    if (!gradientOf && !statisticOf && !slot)
      continue;
    LoadOp load = entries.lookup(gradientOf ? gradientOf : statisticOf);
    auto result = llvm::dyn_cast<OpResult>(end->getOperand(i));
    auto kernel = result ? llvm::dyn_cast<KernelOp>(result.getOwner()) : KernelOp();
    if (!state || !load || !slot || !kernel || slot.getSegment() != Segment::state || slot.getIndex() != 0 ||
        load.getValue().getType() != result.getType() || kernel.outputLayout(result.getResultNumber()) != load.getLayout() ||
        slot.getBytes() != load.getSlotAttr().getBytes())
      return function.emitError("check-13: result ") << i << " has no place in the state, or another form than its parameter";
    if (gradientOf && (!lists(function, graph::trainableAttr, gradientOf) || !gradients.insert(gradientOf).second ||
                       slot.getOffset() != int64_t(state.getGradients()) + load.getSlotAttr().getOffset()))
      return function.emitError("check-13: result ") << i << " does not lie where the gradient of " << gradientOf << " is read";
    if (statisticOf && (!lists(function, graph::trackedAttr, statisticOf) || slot.getOffset() % alignment ||
                        slot.getOffset() < int64_t(state.getGroup()) || !liesWithin(slot, state.getBytes()) ||
                        !statistics.try_emplace(slot.getOffset(), slot.getOffset() + slot.getBytes()).second))
      return function.emitError("check-13: result ") << i << " lies where no statistics of a group do";
  }
  auto trainable = function->getAttrOfType<ArrayAttr>(graph::trainableAttr);
  if (trainable && trainable.size() != gradients.size())
    return function.emitError("check-13: ")
           << gradients.size() << " of " << trainable.size() << " trained parameters have a gradient";
  int64_t last = 0;
  for (auto [begin, finish] : statistics) {
    if (begin < last)
      return function.emitError("check-13: two statistics share bytes of the state");
    last = finish;
  }
  bool isOrdered =
      !state || (state.getDecayed() >= 0 && state.getDecayed() <= state.getParameters() &&
                 state.getParameters() <= state.getGradients() &&
                 state.getGradients() + state.getParameters() <= state.getGroup() && state.getGroup() <= state.getBytes());
  return isOrdered ? success() : function.emitError("check-13: the parts of ") << state << " overlap";
}
