// Turns what tuning found into annotations of the contractions that it was found for.
//
// The algorithm is a part of the layout, so all bodies of a library share it: it is the fastest of the widest ISA for which the
// problem was tuned. Each ISA then gets its own fastest schedule under that algorithm. Example, with entries of AVX-512 alone:
//
//   plan.tuning = {"conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512" = ["winograd4/28 2x1x14", "direct 2x2x7"]}
//
// makes the convolution `plan.algorithm = #plan.winograd<4, 28>, plan.tuned = [unit, #plan.conv_schedule<2, 1, 14>]` for AVX2
// and AVX-512; what is `unit` is left to the cost model.
#include "passes/plan/Passes.h"

#include "ir/plan/x86/Problems.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <map>

namespace skip::plan {
#define GEN_PASS_DEF_APPLYTUNING
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::ConvChoice;
using plan::ConvProblem;

/// The legal choices that `table` has for the problem, the fastest first.
static std::vector<ConvChoice> choicesFor(DictionaryAttr table, const ConvProblem &problem) {
  std::vector<ConvChoice> choices;
  auto list = table.getAs<ArrayAttr>(plan::problemText(problem));
  for (Attribute entry : list ? list.getValue() : llvm::ArrayRef<Attribute>()) {
    auto text = llvm::dyn_cast<StringAttr>(entry);
    std::optional<ConvChoice> choice = text ? plan::parseChoice(text.getValue()) : std::nullopt;
    if (choice && plan::isLegal(*choice, problem))
      choices.push_back(*choice);
  }
  return choices;
}

namespace {
struct ApplyTuning : plan::impl::ApplyTuningBase<ApplyTuning> {
  using ApplyTuningBase::ApplyTuningBase;

  void runOnOperation() override {
    auto table = getOperation()->getAttrOfType<DictionaryAttr>(plan::tuningAttr);
    auto target = getOperation()->getAttrOfType<plan::TargetAttr>(plan::targetAttr);
    if (!table || !target)
      return;
    solved.clear();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (auto batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr))
        function.walk([&](Operation *op) { annotate(op, batch.getInt(), table, target.getIsas()); });
    getOperation()->removeAttr(plan::tuningAttr);
  }

  /// The same, looked up once: a deep network has the same few problems again and again.
  const std::vector<ConvChoice> &knownChoices(DictionaryAttr table, const ConvProblem &problem) {
    auto [known, isNew] = solved.try_emplace(problem);
    if (isNew) {
      known->second = choicesFor(table, problem);
      llvm::erase_if(known->second, [&](const ConvChoice &choice) {
        return exact && (choice.algorithm.tile != 0 || choice.schedule.unitBlocks != 0);
      });
    }
    return known->second;
  }

  /// For each ISA the choices of the operation's problem; none for other operations.
  std::vector<std::vector<ConvChoice>> choicesOf(Operation *op, int64_t batch, DictionaryAttr table,
                                                 llvm::ArrayRef<plan::Isa> isas) {
    std::vector<std::vector<ConvChoice>> all;
    for (plan::Isa isa : isas)
      if (std::optional<ConvProblem> problem = plan::problemOf(op, batch, isa))
        all.push_back(knownChoices(table, *problem));
    return all;
  }

  /// The fastest under the algorithm; behind one of Strassen's the fastest other, for kernels whose second root it cannot
  /// compute.
  Attribute schedulesOf(llvm::ArrayRef<ConvChoice> choices, const plan::Algorithm &algorithm) {
    llvm::SmallVector<Attribute, 2> schedules;
    for (const ConvChoice &choice : choices) {
      bool isStrassen = choice.schedule.unitBlocks > 0;
      if (choice.algorithm != algorithm || (isStrassen && !schedules.empty()))
        continue;
      schedules.push_back(plan::scheduleAttribute(&getContext(), choice.schedule));
      if (!isStrassen)
        break;
    }
    if (schedules.empty())
      return UnitAttr::get(&getContext());
    return schedules.size() == 1 ? schedules.front() : ArrayAttr::get(&getContext(), schedules);
  }

  void annotate(Operation *op, int64_t batch, DictionaryAttr table, llvm::ArrayRef<plan::Isa> isas) {
    std::vector<std::vector<ConvChoice>> all = choicesOf(op, batch, table, isas);
    auto widest = llvm::find_if(llvm::reverse(all), [](const auto &choices) { return !choices.empty(); });
    if (widest == all.rend())
      return;
    plan::Algorithm algorithm = widest->front().algorithm;
    llvm::SmallVector<Attribute, 2> schedules;
    for (const std::vector<ConvChoice> &choices : all)
      schedules.push_back(schedulesOf(choices, algorithm));
    op->setAttr(plan::tunedAttr, ArrayAttr::get(&getContext(), schedules));
    if (plan::hasPlanarInput(op))
      op->setAttr(plan::tunedPlanarAttr, UnitAttr::get(&getContext()));
    if (algorithm.tile != 0)
      op->setAttr(plan::algorithmAttr,
                  plan::WinogradAttr::get(&getContext(), algorithm.tile, algorithm.group, algorithm.fused));
  }

  std::map<ConvProblem, std::vector<ConvChoice>> solved;
};
} // namespace
