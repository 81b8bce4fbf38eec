// What the rules of result types are written with: each infers the types, or says which rule the operands break.
#pragma once

#include "ir/graph/Graph.h"

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

/// Of an operation whose result is like its first operand, and whose other operands have one element for each channel of it.
mlir::LogicalResult inferPerChannel(std::optional<mlir::Location> loc, llvm::StringRef label, mlir::ValueRange operands,
                                    llvm::SmallVectorImpl<mlir::Type> &types);

} // namespace skip::graph

#define INFER(OP)                                                                                                              \
  mlir::LogicalResult OP::inferReturnTypes(mlir::MLIRContext *context, std::optional<mlir::Location> loc,                      \
                                           mlir::ValueRange operands, mlir::DictionaryAttr attributes,                         \
                                           mlir::OpaqueProperties properties, mlir::RegionRange regions,                       \
                                           llvm::SmallVectorImpl<mlir::Type> &types)
