// A few images at a time keep activations in the caches; many at a time read the weights less often. Activations decide where
// pictures are large, and shrink with depth while weights grow: 64 channels at 56 x 56 need 3.5 MB an image, 512 at 7 x 7 half
// a megabyte.
#include "ir/plan/Sections.h"

#include "ir/graph/GraphShapes.h"
#include "ir/plan/Layout.h"

#include <algorithm>

using namespace mlir;
using namespace skip;

int64_t plan::activationBytes(Value value) {
  auto type = llvm::dyn_cast<RankedTensorType>(value.getType());
  bool isActivation = type && type.getRank() > 0 && type.isDynamicDim(0);
  return isActivation ? graph::elementsPerImage(type.getShape()) * elementBytes(Element::f32) : 0;
}

int64_t plan::preferredImages(Operation *op, int64_t batch, int64_t nearBytes, int64_t windowBytes) {
  int64_t bytes = windowBytes;
  for (Value value : llvm::concat<Value>(llvm::to_vector(op->getOperands()), llvm::to_vector(op->getResults())))
    bytes += activationBytes(value);
  int64_t images = 1;
  while (images < batch && 4 * images * bytes <= nearBytes)
    images *= 4;
  return std::min(images, batch);
}

bool plan::readsBatch(KernelOp kernel) {
  return llvm::any_of(kernel.getBody().front(), [](Operation &op) {
    auto fusible = llvm::dyn_cast<graph::Fusible>(op);
    return fusible && fusible.readsBatch();
  });
}

llvm::SmallVector<plan::Section> plan::sectionsOf(llvm::ArrayRef<KernelOp> kernels, int64_t batch) {
  llvm::SmallVector<Section> sections;
  for (int64_t step = 0; step < int64_t(kernels.size()); ++step) {
    KernelOp kernel = kernels[step];
    int64_t images = kernel.getImages().value_or(batch);
    if (sections.empty() || sections.back().images != images)
      sections.push_back({step, step, images});
    sections.back().last = step;
  }
  return sections;
}
