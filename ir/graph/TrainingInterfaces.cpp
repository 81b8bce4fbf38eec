// How each operation for training answers the interfaces: training's counterpart of GraphInterfaces.cpp.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"

#include <algorithm>

using namespace skip::graph;

static llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

int64_t SoftmaxCrossEntropyOp::multiplyAdds() { return 0; }
int64_t SoftmaxCrossEntropyGradInputOp::multiplyAdds() { return 0; }
int64_t DropoutTrainOp::multiplyAdds() { return 0; }
int64_t MomentsOp::multiplyAdds() { return 0; }
int64_t MergeMomentsOp::multiplyAdds() { return 0; }
int64_t GradSumsOp::multiplyAdds() { return 0; }
int64_t MergeGradSumsOp::multiplyAdds() { return 0; }
int64_t TransposeFilterOp::multiplyAdds() { return 0; }
bool Conv2dTransposedOp::takesEpilogue() { return true; }
int64_t AvgPoolGradInputOp::multiplyAdds() { return 0; }
int64_t UpsampleGradInputOp::multiplyAdds() { return 0; }
int64_t ReflectPadGradInputOp::multiplyAdds() { return 0; }
int64_t SumPartsOp::multiplyAdds() { return 0; }
int64_t ChannelSumsOp::multiplyAdds() { return 0; }
int64_t MaxPoolGradInputOp::multiplyAdds() { return 0; }
int64_t GlobalAvgPoolGradInputOp::multiplyAdds() { return 0; }
int64_t SubsampleGradInputOp::multiplyAdds() { return 0; }
int64_t TakeChannelsOp::multiplyAdds() { return 0; }
int64_t UnflattenOp::multiplyAdds() { return 0; }
int64_t SoftmaxGradInputOp::multiplyAdds() { return 0; }

bool ScaleAddOp::canBeEpilogue() { return true; }
bool ScaleAddOp::takesEpilogue() { return true; }
bool ReluGradInputOp::canBeEpilogue() { return true; }
bool ReluGradInputOp::takesEpilogue() { return true; }
bool ScaleChannelsOp::canBeEpilogue() { return true; }
bool ScaleChannelsOp::takesEpilogue() { return true; }

// What sums over the images, and what divides by their number.
bool SoftmaxCrossEntropyOp::readsBatch() { return true; }
bool SoftmaxCrossEntropyGradInputOp::readsBatch() { return true; }
bool MergeMomentsOp::readsBatch() { return true; }
bool MergeGradSumsOp::readsBatch() { return true; }
bool Conv2dGradFilterOp::readsBatch() { return true; }
bool GeneralConv2dGradFilterOp::readsBatch() { return true; }
bool SumPartsOp::readsBatch() { return true; }
bool LinearGradFilterOp::readsBatch() { return true; }
bool ChannelSumsOp::readsBatch() { return true; }

void MergeMomentsOp::printStructure(llvm::raw_ostream &os) { os << "merge_moments" << getPixels(); }
void MergeGradSumsOp::printStructure(llvm::raw_ostream &os) { os << "merge_grad_sums" << getPixels(); }
void Conv2dTransposedOp::printStructure(llvm::raw_ostream &os) {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  os << "conv" << filter[2] << "x" << filter[3] << "s" << getStride() << "p" << getPadding() << "_transposed";
}
void Conv2dGradFilterOp::printStructure(llvm::raw_ostream &os) {
  os << "conv" << getKernelHeight() << "x" << getKernelWidth() << "s" << getStride() << "_grad_filter";
}
void GeneralConv2dGradInputOp::printStructure(llvm::raw_ostream &os) {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  os << "conv" << filter[2] << "x" << filter[3] << "w" << filter[1] << "_grad_input";
}
void GeneralConv2dGradFilterOp::printStructure(llvm::raw_ostream &os) {
  os << "conv" << getKernelHeight() << "x" << getKernelWidth() << "w" << shapeOf(getResult())[1] << "_grad_filter";
}
void AvgPoolGradInputOp::printStructure(llvm::raw_ostream &os) {
  os << "avg_pool" << getKernel()[0] << "x" << getKernel()[1] << "_grad_input";
}
void UpsampleGradInputOp::printStructure(llvm::raw_ostream &os) { os << "upsample" << getFactor() << "_grad_input"; }
void MaxPoolGradInputOp::printStructure(llvm::raw_ostream &os) {
  os << "max_pool" << getKernel()[0] << "x" << getKernel()[1] << "s" << getStrides()[0] << "x" << getStrides()[1] << "p"
     << getPads()[0] << "x" << getPads()[1] << "_grad_input";
}
void SubsampleGradInputOp::printStructure(llvm::raw_ostream &os) { os << "subsample" << getStride() << "_grad_input"; }
void TakeChannelsOp::printStructure(llvm::raw_ostream &os) { os << "take_channels" << getFirst(); }

// Labels and draws are the caller's array.
static std::optional<int64_t> labelledCost(unsigned index, LayoutFamily family) {
  return family.isPlanar() == (index == 1) ? std::optional<int64_t>(0) : std::nullopt;
}
std::optional<int64_t> SoftmaxCrossEntropyOp::operandCost(unsigned index, LayoutFamily family) {
  return labelledCost(index, family);
}
std::optional<int64_t> SoftmaxCrossEntropyGradInputOp::operandCost(unsigned index, LayoutFamily family) {
  return labelledCost(index, family);
}

std::optional<int64_t> DropoutTrainOp::operandCost(unsigned index, LayoutFamily family) { return labelledCost(index, family); }

// As of the convolution, so that both read the picture in one form, and filter and gradient have one layout.
std::optional<int64_t> Conv2dGradFilterOp::operandCost(unsigned index, LayoutFamily family) {
  if (index == 0)
    return family.isPlanar() ? std::nullopt : std::optional<int64_t>(0);
  if (family.isPlanar())
    return elementsPerImage(shapeOf(getX()));
  int64_t wastedChannels = (family.lanes - shapeOf(getX())[1] % family.lanes) % family.lanes;
  return elementsPerImage(shapeOf(getDy())) / family.lanes * wastedChannels * int64_t(getKernelHeight()) *
         int64_t(getKernelWidth());
}

int64_t Conv2dGradFilterOp::requiredHalo(unsigned index) { return index == 1 ? int64_t(getPadding()) : 0; }

int64_t Conv2dTransposedOp::multiplyAdds() {
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  return elementsPerImage(shapeOf(getX())) * filter[0] * filter[2] * filter[3];
}

/// Of a gradient whose sums meet each element of dy with the whole window of a filter of one output channel.
static int64_t timesWindow(mlir::Value dy, mlir::Value filter) {
  return elementsPerImage(shapeOf(dy)) * elementsPerImage(shapeOf(filter).drop_front());
}

/// Of a filter's gradient: each element sums over dy's pixels.
static int64_t timesPixels(mlir::Value gradient, mlir::Value dy) {
  return elementsPerImage(shapeOf(gradient)) * elementsPerImage(shapeOf(dy).drop_front(2));
}

int64_t Conv2dGradInputOp::multiplyAdds() { return timesWindow(getDy(), getFilter()); }
int64_t GeneralConv2dGradInputOp::multiplyAdds() { return timesWindow(getDy(), getFilter()); }
int64_t Conv2dGradFilterOp::multiplyAdds() { // a part has a part of the images
  return timesPixels(getResult(), getDy()) / int64_t(getParts());
}
int64_t GeneralConv2dGradFilterOp::multiplyAdds() { return timesPixels(getResult(), getDy()); }
int64_t LinearGradFilterOp::multiplyAdds() { return elementsPerImage(shapeOf(getResult())); }

// Of both axes the widest: a window reaches from the pixel that its last tap meets to the one that its first meets.
int64_t Conv2dTransposedOp::requiredHalo(unsigned index) {
  if (index != 0)
    return 0;
  int64_t halo = 0, stride = getStride(), padding = getPadding();
  for (int64_t size : shapeOf(getFilter()).drop_front(2))
    halo = std::max({halo, (size - 1 - padding) / stride, (stride - 1 + padding) / stride});
  return halo;
}
