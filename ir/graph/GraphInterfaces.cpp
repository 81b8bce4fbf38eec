// How each operation answers the interfaces: costs, fusion roles, layouts. One line an answer; no pass knows operation names.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"

using namespace skip::graph;

static llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

int64_t Conv2dOp::multiplyAdds() {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  return elementsPerImage(shapeOf(getY())) * filter[1] * filter[2] * filter[3];
}

int64_t LinearOp::multiplyAdds() { return elementsPerImage(shapeOf(getFilter())); }

bool Conv2dOp::canBeRoot() { return true; }
bool Conv2dOp::takesEpilogue() { return true; }
bool Conv2dOp::accumulates() { return true; }
bool LinearOp::canBeRoot() { return true; }
bool LinearOp::takesEpilogue() { return true; }
bool LinearOp::takesPrologue() { return true; }
bool FlattenOp::canBeRoot() { return true; }
bool FlattenOp::canBePrologue() { return true; }
bool ScaleShiftOp::canBeEpilogue() { return true; }
bool ScaleShiftOp::takesEpilogue() { return true; }
bool ReluOp::canBeEpilogue() { return true; }
bool ReluOp::takesEpilogue() { return true; }
bool AddOp::canBeEpilogue() { return true; }
bool AddOp::takesEpilogue() { return true; }
bool MaxPoolOp::canBeRoot() { return true; }
bool GlobalAvgPoolOp::canBeRoot() { return true; }
bool SubsampleOp::canBeRoot() { return true; }
bool SubsampleOp::canBePrologue() { return true; }
bool PadChannelsOp::canBeRoot() { return true; }
bool PadChannelsOp::takesPrologue() { return true; }
bool SoftmaxOp::canBeRoot() { return true; }

void Conv2dOp::printStructure(llvm::raw_ostream &os) {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  os << "conv" << filter[2] << "x" << filter[3] << "s" << getStride() << (getBias() ? "b" : "");
}

void LinearOp::printStructure(llvm::raw_ostream &os) { os << "linear" << (getBias() ? "b" : ""); }
void MaxPoolOp::printStructure(llvm::raw_ostream &os) { os << "max_pool" << getKernel() << "s" << getStride(); }
void SubsampleOp::printStructure(llvm::raw_ostream &os) { os << "subsample" << getStride(); }

void PadChannelsOp::printStructure(llvm::raw_ostream &os) { os << "pad_channels" << getBefore(); }

// A planar input is read once with poor locality; a blocked one multiplies with the zeros that fill its last block.
std::optional<int64_t> Conv2dOp::operandCost(unsigned index, LayoutFamily family) {
  if (family.isPlanar())
    return index == 0 ? std::optional<int64_t>(elementsPerImage(shapeOf(getX()))) : std::nullopt;
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  int64_t wastedChannels = (family.lanes - filter[1] % family.lanes) % family.lanes;
  return elementsPerImage(shapeOf(getY())) / family.lanes * wastedChannels * filter[2] * filter[3];
}

int64_t Conv2dOp::requiredHalo(unsigned index) { return index == 0 ? int64_t(getPadding()) : 0; }

mlir::Value Conv2dOp::getPicture() { return getX(); }

ContractionSizes Conv2dOp::getSizes() {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter()), out = shapeOf(getY());
  return {.kernelHeight = filter[2],
          .kernelWidth = filter[3],
          .stride = int64_t(getStride()),
          .padding = int64_t(getPadding()),
          .inChannels = filter[1],
          .outChannels = filter[0],
          .outHeight = out[2],
          .outWidth = out[3]};
}

mlir::Value LinearOp::getPicture() {
  auto flatten = getX().getDefiningOp<FlattenOp>();
  return flatten ? flatten.getX() : getX();
}

ContractionSizes LinearOp::getSizes() {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter()), picture = shapeOf(getPicture());
  ContractionSizes sizes{.isLinear = true, .inChannels = filter[1], .outChannels = filter[0]};
  if (picture.size() == 4) {
    sizes.inChannels = picture[1];
    sizes.kernelHeight = picture[2];
    sizes.kernelWidth = picture[3];
  }
  return sizes;
}
