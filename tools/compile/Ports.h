// What a model says of its inputs and outputs.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>
#include <vector>

namespace skip::tool {

struct InputPort {
  std::string name;
  std::vector<int64_t> dims;                 ///< without the batch
  std::vector<double> mean, deviation;       ///< empty: the spec declares none
  int64_t resize = 0, crop = 0;              ///< of the shorter side, of both, in pixels; 0: the spec declares none
  int64_t classes = 0;                       ///< of training's labels, of int32; 0: the input is none of labels
  bool areDraws = false;                     ///< 32 bits an image, by which training's dropouts draw
  int64_t resizeHeight = 0, resizeWidth = 0; ///< of the whole picture; 0: the spec declares none
  bool bicubic = false;                      ///< how pictures are scaled; else bilinear

  int64_t elements() const;
};

struct OutputPort {
  std::string name;
  std::vector<int64_t> dims;
  std::vector<std::string> classes; ///< empty: the spec names none
  bool probabilities = false;       ///< the model ends in a softmax of its own

  int64_t elements() const;
};

struct Ports {
  std::vector<InputPort> inputs;
  std::vector<OutputPort> outputs;
};

Ports describePorts(mlir::func::FuncOp model);

/// "[3, 224, 224]".
std::string shapeText(const std::vector<int64_t> &dims);

} // namespace skip::tool
