// How each operation answers the interfaces: costs, fusion roles, layouts. One line an answer; no pass knows operation names.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/graph/Inference.h"

using namespace skip::graph;

int64_t Conv2dOp::multiplyAdds() {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  return elementsPerImage(shapeOf(getY())) * filter[1] * filter[2] * filter[3];
}

int64_t GeneralConv2dOp::multiplyAdds() {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  return elementsPerImage(shapeOf(getY())) * filter[1] * filter[2] * filter[3];
}

int64_t LinearOp::multiplyAdds() { return elementsPerImage(shapeOf(getFilter())); }

bool Conv2dOp::takesEpilogue() { return true; }
bool Conv2dOp::accumulates() { return true; }
bool GeneralConv2dOp::takesEpilogue() { return true; }
bool LinearOp::takesEpilogue() { return true; }
bool LinearOp::takesPrologue() { return true; }
int64_t FlattenOp::multiplyAdds() { return 0; }
bool FlattenOp::canBePrologue() { return true; }
bool ScaleShiftOp::canBeEpilogue() { return true; }
bool ScaleShiftOp::takesEpilogue() { return true; }
bool ReluOp::canBeEpilogue() { return true; }
bool ReluOp::takesEpilogue() { return true; }
bool AddOp::canBeEpilogue() { return true; }
bool AddOp::takesEpilogue() { return true; }
int64_t MaxPoolOp::multiplyAdds() { return 0; }
int64_t AvgPoolOp::multiplyAdds() { return 0; }
int64_t ConcatOp::multiplyAdds() { return 0; }
int64_t UpsampleOp::multiplyAdds() { return 0; }
int64_t ReflectPadOp::multiplyAdds() { return 0; }
int64_t GlobalAvgPoolOp::multiplyAdds() { return 0; }
int64_t AttentionPoolOp::multiplyAdds() { return 0; }
int64_t GroupNormOp::multiplyAdds() { return 0; }
bool GroupNormOp::takesEpilogue() { return true; }
int64_t SubsampleOp::multiplyAdds() { return 0; }
bool SubsampleOp::canBePrologue() { return true; }
int64_t PadChannelsOp::multiplyAdds() { return 0; }
bool PadChannelsOp::takesPrologue() { return true; }
int64_t SoftmaxOp::multiplyAdds() { return 0; }

void Conv2dOp::printStructure(llvm::raw_ostream &os) {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  os << "conv" << filter[2] << "x" << filter[3] << "s" << getStride() << (getBias() ? "b" : "");
}

void GeneralConv2dOp::printStructure(llvm::raw_ostream &os) {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  os << "conv" << filter[2] << "x" << filter[3] << "s" << getStrides()[0];
  if (getStrides()[0] != getStrides()[1])
    os << "x" << getStrides()[1];
  if (getDilations() != llvm::ArrayRef<int64_t>({1, 1}))
    os << "d" << getDilations()[0] << "x" << getDilations()[1];
  if (getGroups() > 1)
    os << "w" << filter[1] << "to" << filter[0] / int64_t(getGroups());
  os << (getBias() ? "b" : "");
}

void AvgPoolOp::printStructure(llvm::raw_ostream &os) {
  os << (getSum() ? "sum_pool" : "avg_pool") << getKernel()[0] << "x" << getKernel()[1] << "s" << getStrides()[0] << "x"
     << getStrides()[1] << (getIncludePad() ? "p" : "");
}

void ConcatOp::printStructure(llvm::raw_ostream &os) {
  os << "concat";
  for (mlir::Value input : getInputs())
    os << (input == getInputs().front() ? "" : "_") << shapeOf(input)[1];
}

void UpsampleOp::printStructure(llvm::raw_ostream &os) { os << "upsample" << getFactor() << (getBilinear() ? "bilinear" : ""); }

void GroupNormOp::printStructure(llvm::raw_ostream &os) { os << "group_norm" << shapeOf(getX())[1] / int64_t(getGroups()); }

void LinearOp::printStructure(llvm::raw_ostream &os) { os << "linear" << (getBias() ? "b" : ""); }
void MaxPoolOp::printStructure(llvm::raw_ostream &os) {
  os << "max_pool" << getKernel()[0] << "x" << getKernel()[1] << "s" << getStrides()[0] << "x" << getStrides()[1];
}
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

/// What windows reach beyond the picture, on any side.
int64_t GeneralConv2dOp::requiredHalo(unsigned index) {
  if (index != 0)
    return 0;
  llvm::ArrayRef<int64_t> x = shapeOf(getX()), y = shapeOf(getY()), filter = shapeOf(getFilter());
  WindowAxes axes = *generalWindows(*this, filter[2], filter[3]);
  auto beyond = [](const WindowAxis &axis, int64_t size, int64_t outputs) {
    return std::max(axis.before, (outputs - 1) * axis.stride + axis.extent() - axis.before - size);
  };
  return std::max(beyond(axes.rows, x[2], y[2]), beyond(axes.columns, x[3], y[3]));
}

mlir::Value GeneralConv2dOp::getPicture() { return getX(); }

ContractionSizes GeneralConv2dOp::getSizes() {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter()), out = shapeOf(getY());
  return {.kernelHeight = filter[2],
          .kernelWidth = filter[3],
          .stride = getStrides()[0],
          .padding = getPads()[0],
          .inChannels = filter[1],
          .outChannels = filter[0],
          .outHeight = out[2],
          .outWidth = out[3],
          .isGeneral = true,
          .groups = int64_t(getGroups()),
          .strideColumns = getStrides()[1],
          .dilationRows = getDilations()[0],
          .dilationColumns = getDilations()[1],
          .paddingLeft = getPads()[1]};
}

bool GeneralConv2dOp::hasWholeBlocks(int64_t lanes) { return areWholeBlocks(shapeOf(getFilter()), getGroups(), lanes); }

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
