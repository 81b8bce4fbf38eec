// A checkpoint's tensors in double precision, for the reference.
#pragma once

#include "codegen/Image.h"
#include "ir/reference/Tensor.h"
#include "runtime/Checkpoint.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace skip::tool {

class WeightsSource;

/// Finds an image's tensors in a checkpoint; converts them only when they are asked for, since a network's parameters in double
/// precision can fill a machine. Points into the source's bytes.
class Checkpoint {
public:
  static llvm::Expected<Checkpoint> open(const WeightsSource &source, const codegen::Image &image);

  /// The tensor of that name, which the image has.
  reference::Tensor read(llvm::StringRef name) const;

private:
  std::unique_ptr<runtime::Safetensors> tensors;
  llvm::StringMap<const runtime::FileTensor *> byName;
};

} // namespace skip::tool
