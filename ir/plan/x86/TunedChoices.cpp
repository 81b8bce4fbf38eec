// What tuning found, as annotations of the contractions that it was found for.
//
// The algorithm is a part of the layout, so all ISAs of a library share it: it is the fastest of the widest ISA for which the
// problem was tuned. Each ISA then gets its own fastest schedule under that algorithm. Example, with entries of AVX-512 alone:
//
//   plan.tuning = {"conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512" = ["winograd4/28 2x1x14", "direct 2x2x7"]}
//
// makes the convolution `plan.algorithm = #plan.winograd<4, 28>, plan.tuned = [unit, #plan.x86_conv<2, 1, 14>]` for AVX2
// and AVX-512; what is `unit` is left to the cost model.
#include "ir/plan/x86/Problems.h"

#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;
using namespace skip;
using namespace skip::plan;

namespace {
class Annotation {
public:
  Annotation(DictionaryAttr table, llvm::ArrayRef<Isa> isas, bool exact) : table(table), isas(isas), exact(exact) {}
  void annotate(Operation *op, int64_t images);

private:
  std::vector<ConvChoice> choicesFor(const ConvProblem &problem, bool isTrained) const;
  llvm::ArrayRef<ConvChoice> knownChoices(const ConvProblem &problem, bool isTrained);
  llvm::SmallVector<llvm::ArrayRef<ConvChoice>, 2> choicesOf(Operation *op, int64_t images);
  Attribute schedulesOf(llvm::ArrayRef<ConvChoice> choices, const Algorithm &algorithm) const;

  DictionaryAttr table;
  llvm::ArrayRef<Isa> isas;
  bool exact;
  std::map<std::pair<ConvProblem, bool>, std::vector<ConvChoice>> solved;
};
} // namespace

/// The legal choices that the table has for the problem, the fastest first, of those that a contraction may take whose filter
/// is trained, or is not.
std::vector<ConvChoice> Annotation::choicesFor(const ConvProblem &problem, bool isTrained) const {
  std::vector<ConvChoice> choices;
  auto list = table.getAs<ArrayAttr>(problemText(problem));
  for (Attribute entry : list ? list.getValue() : llvm::ArrayRef<Attribute>()) {
    auto text = llvm::dyn_cast<StringAttr>(entry);
    std::optional<ConvChoice> choice = text ? parseChoice(text.getValue()) : std::nullopt;
    bool isAllowed = choice && !(exact && (choice->algorithm.tile != 0 || choice->schedule.unitBlocks != 0));
    if (isAllowed && isLegal(*choice, problem) && mayCompute(isTrained, problem, *choice))
      choices.push_back(*choice);
  }
  return choices;
}

/// The same, looked up once: a deep network has the same few problems again and again.
llvm::ArrayRef<ConvChoice> Annotation::knownChoices(const ConvProblem &problem, bool isTrained) {
  auto [known, isNew] = solved.try_emplace({problem, isTrained});
  if (isNew)
    known->second = choicesFor(problem, isTrained);
  return known->second;
}

/// For each ISA the choices of the operation's problem that it may take; none for other operations.
llvm::SmallVector<llvm::ArrayRef<ConvChoice>, 2> Annotation::choicesOf(Operation *op, int64_t images) {
  llvm::SmallVector<llvm::ArrayRef<ConvChoice>, 2> all;
  std::optional<ConvProblem> problem = problemOf(op, images, Isa::avx2);
  if (!problem)
    return all;
  bool isTrained = plan::isTrained(op);
  for (Isa isa : isas) {
    problem->isa = abiIsa(isa);
    all.push_back(knownChoices(*problem, isTrained));
  }
  return all;
}

/// The fastest under the algorithm; behind one of Strassen's the fastest other, for kernels whose second root it cannot
/// compute.
Attribute Annotation::schedulesOf(llvm::ArrayRef<ConvChoice> choices, const Algorithm &algorithm) const {
  MLIRContext *context = table.getContext();
  llvm::SmallVector<Attribute, 2> schedules;
  for (const ConvChoice &choice : choices) {
    bool isStrassen = choice.schedule.unitBlocks > 0;
    if (choice.algorithm != algorithm || (isStrassen && !schedules.empty()))
      continue;
    schedules.push_back(scheduleAttribute(context, choice.schedule));
    if (!isStrassen)
      break;
  }
  if (schedules.empty())
    return UnitAttr::get(context);
  return schedules.size() == 1 ? schedules.front() : ArrayAttr::get(context, schedules);
}

void Annotation::annotate(Operation *op, int64_t images) {
  llvm::SmallVector<llvm::ArrayRef<ConvChoice>, 2> all = choicesOf(op, images);
  auto widest = llvm::find_if(llvm::reverse(all), [](const auto &choices) { return !choices.empty(); });
  if (widest == all.rend())
    return;
  MLIRContext *context = op->getContext();
  Algorithm algorithm = widest->front().algorithm;
  llvm::SmallVector<Attribute, 2> schedules;
  for (llvm::ArrayRef<ConvChoice> choices : all)
    schedules.push_back(schedulesOf(choices, algorithm));
  op->setAttr(tunedAttr, ArrayAttr::get(context, schedules));
  if (hasPlanarInput(op))
    op->setAttr(tunedPlanarAttr, UnitAttr::get(context));
  if (algorithm.tile != 0)
    op->setAttr(algorithmAttr, winogradAttribute(context, algorithm));
}

void X86TargetAttr::applyTuning(Operation *function, int64_t images, DictionaryAttr table, bool exact) const {
  Annotation annotation(table, getIsas(), exact);
  function->walk([&](Operation *op) { annotation.annotate(op, images); });
}
