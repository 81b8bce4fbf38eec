// What the rules of result types are written with: each infers the types, or says which rule the operands break.
#pragma once

#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"

namespace skip::graph {

/// Reports that rule `label` is broken; `loc` may be absent when a builder only asks for the type.
inline mlir::LogicalResult broken(std::optional<mlir::Location> loc, const llvm::Twine &label, const llvm::Twine &what) {
  return mlir::emitOptionalError(loc, label, ": ", what);
}

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

inline bool isVector(mlir::Value value, int64_t length) { return shapeOf(value) == llvm::ArrayRef<int64_t>(length); }

inline mlir::LogicalResult infer(llvm::SmallVectorImpl<mlir::Type> &types, mlir::Value like, llvm::ArrayRef<int64_t> shape) {
  types.push_back(mlir::RankedTensorType::get(shape, llvm::cast<mlir::RankedTensorType>(like.getType()).getElementType()));
  return mlir::success();
}

/// The windows of a general convolution by a kernel of these sizes.
template <typename Op> std::optional<WindowAxes> generalWindows(Op op, int64_t kernelHeight, int64_t kernelWidth) {
  int64_t kernel[] = {kernelHeight, kernelWidth};
  return windowAxes({.kernel = kernel, .strides = op.getStrides(), .dilations = op.getDilations(), .pads = op.getPads()});
}

/// The windows of a pooling.
template <typename Op> std::optional<WindowAxes> poolWindows(Op op) {
  constexpr int64_t dilations[] = {1, 1};
  return windowAxes({op.getKernel(), op.getStrides(), dilations, op.getPads(), op.getCeil()});
}

/// Whether each of the windows of a pooling has a pixel of the picture.
bool arePoolWindows(const WindowAxes &axes);

/// Whether a picture has what a padding by reflection mirrors: four pads, each below its size.
bool areReflections(llvm::ArrayRef<int64_t> pads, int64_t height, int64_t width);

/// Of an operation whose result is like its first operand, and whose other operands have one element for each channel of it.
mlir::LogicalResult inferPerChannel(std::optional<mlir::Location> loc, llvm::StringRef label, mlir::ValueRange operands,
                                    llvm::SmallVectorImpl<mlir::Type> &types);

} // namespace skip::graph

#define INFER(OP)                                                                                                              \
  mlir::LogicalResult OP::inferReturnTypes(mlir::MLIRContext *context, std::optional<mlir::Location> loc,                      \
                                           mlir::ValueRange operands, mlir::DictionaryAttr attributes,                         \
                                           mlir::OpaqueProperties properties, mlir::RegionRange regions,                       \
                                           llvm::SmallVectorImpl<mlir::Type> &types)
