// What a network's layers respond to pictures: figure 7 of the paper.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <vector>

namespace skip::tool {

/// A layer's response: what comes of a convolution of 3x3 and the batch norm behind it, before relu or addition.
struct Response {
  std::string layer;    ///< the convolution's label
  unsigned output = 0;  ///< of the function
  int64_t elements = 0; ///< of an image
};

/// Makes outputs of the responses of a model before any pass, in the order of execution.
std::vector<Response> exposeResponses(mlir::func::FuncOp model);

/// Count, mean and sum of squared distances from the mean, in double precision.
struct Spread {
  double count = 0, mean = 0, squares = 0;

  void add(llvm::ArrayRef<float> values);
  double deviation() const; ///< of all values; 0 where there are none
};

} // namespace skip::tool
