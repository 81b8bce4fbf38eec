// The layers of a network as its paper lists them.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace skip::tool {

struct Layer {
  std::string name, op;
  std::vector<int64_t> shape; ///< of the result, the batch in front
  int64_t parameters = 0;     ///< trainable; each counted at its first reader
  int64_t multiplyAdds = 0;   ///< for one image
};

struct Layers {
  std::vector<Layer> list; ///< in order of execution
  int64_t parameters = 0, multiplyAdds = 0;
};

/// The operations of a model before any pass.
Layers listLayers(mlir::func::FuncOp model);

/// The function of a module from the front end that inference runs, or the one function of the training made of it.
mlir::func::FuncOp modelOf(mlir::ModuleOp module);

} // namespace skip::tool
