// The meaning of ONNX's operations, in double precision, straight from the format's description: what an imported model is held
// against, and what folds constants.
#pragma once

#include "ir/reference/Tensor.h"
#include "tools/import/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace skip::onnx {

struct Value {
  reference::Tensor tensor;
  bool isReal = true; ///< or whole numbers
};

/// A constant as a value.
Value valueOf(const Constant &constant);

/// Whether constants may be put through the operation when a model is read: it is known, and no convolution or pool.
bool isFoldable(llvm::StringRef operation);

/// The node's outputs. `inputs` are null where they are left out. A result of more than `mostElements` elements is an error, as
/// is whatever the format does not allow.
llvm::Expected<std::vector<Value>> evaluateNode(const Model &model, const Node &node, llvm::ArrayRef<const Value *> inputs,
                                                int64_t mostElements);

/// What is rounded to float32 on the way: nothing; constants that are computed, where they meet an image, as a checkpoint keeps
/// them; or these and the result of every node, as any program does that computes in float32.
enum class Precision { Double, FloatConstants, Float };

/// The outputs of the model, node by node as the file has them. `inputs` are in the order of model.inputs; no value may have
/// more than `mostElements` elements.
llvm::Expected<std::vector<reference::Tensor>> evaluateModel(const Model &model, llvm::ArrayRef<reference::Tensor> inputs,
                                                             int64_t mostElements = int64_t(1) << 32,
                                                             Precision precision = Precision::Double);

} // namespace skip::onnx
