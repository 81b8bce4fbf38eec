// What tuning found, as annotations of the contractions that it was found for: the texts of the legal choices, the fastest
// first.
//
//   plan.tuning = {"conv2d 3x3/1 p1 512->512 7x7 n1 nhwc bf16" = ["mma 64x64x64/2x2*3 parts 8", "mma 32x32x64/2x2*4"]}
//
// makes the convolution `plan.tuned = ["mma 64x64x64/2x2*3 parts 8", "mma 32x32x64/2x2*4"]`. The first says into how many parts
// sums are cut. Where they cannot be cut, since more than one operation reads them, the first that does not cut them counts.
#include "ir/plan/Contractions.h"
#include "ir/plan/Sections.h"
#include "ir/plan/cuda/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace skip;
using namespace skip::plan;

static CudaPrecision precisionOf(CudaTargetAttr target) { return static_cast<CudaPrecision>(target.getPrecision()); }

std::optional<CudaProblem> plan::problemOf(Operation *op, int64_t batch, CudaTargetAttr target) {
  auto contraction = llvm::dyn_cast<graph::Contraction>(op);
  if (!contraction || contraction.getSizes().isGeneral)
    return std::nullopt;
  return CudaProblem{contraction.getSizes(), preferredImages(op, batch, target.nearBytes(), 0), precisionOf(target)};
}

CudaProblem plan::problemOf(const ContractionView &view, int64_t images, CudaTargetAttr target) {
  return {view, images, precisionOf(target)};
}

/// Whether a GPU that the target is for has such tiles.
static bool hasTile(CudaTargetAttr target, const CudaChoice &choice) {
  return !std::holds_alternative<WgmmaTile>(choice.tile) || llvm::is_contained(target.getArchitectures(), Architecture::sm_90a);
}

/// The legal choices that the table has for the problem, of those that the target can follow.
static llvm::SmallVector<Attribute> legalChoices(DictionaryAttr table, const CudaProblem &problem, CudaTargetAttr target) {
  llvm::SmallVector<Attribute> legal;
  auto list = table.getAs<ArrayAttr>(problemText(problem));
  for (Attribute entry : list ? list.getValue() : llvm::ArrayRef<Attribute>()) {
    auto text = llvm::dyn_cast<StringAttr>(entry);
    std::optional<CudaChoice> choice = text ? parseCudaChoice(text.getValue()) : std::nullopt;
    if (choice && isLegal(*choice, problem) && hasTile(target, *choice))
      legal.push_back(entry);
  }
  return legal;
}

void CudaTargetAttr::applyTuning(Operation *function, int64_t images, DictionaryAttr table, bool) const {
  function->walk([&](Operation *op) {
    std::optional<CudaProblem> problem = problemOf(op, images, *this);
    if (!problem)
      return;
    if (llvm::SmallVector<Attribute> choices = legalChoices(table, *problem, *this); !choices.empty())
      op->setAttr(tunedAttr, ArrayAttr::get(getContext(), choices));
  });
}

std::vector<CudaChoice> plan::tunedChoices(KernelOp kernel) {
  std::vector<CudaChoice> choices;
  std::optional<ContractionView> main = mainContractionOf(kernel);
  auto texts = main ? main->op->getAttrOfType<ArrayAttr>(tunedAttr) : ArrayAttr();
  for (Attribute entry : texts ? texts.getValue() : llvm::ArrayRef<Attribute>()) {
    auto text = llvm::dyn_cast<StringAttr>(entry);
    if (std::optional<CudaChoice> choice = text ? parseCudaChoice(text.getValue()) : std::nullopt)
      choices.push_back(*choice);
  }
  return choices;
}
