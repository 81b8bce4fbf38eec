// Which model of the catalogue a checkpoint is of.
#pragma once

#include "tools/weights/Naming.h"

namespace skip::tool {

/// `it looks like ...`: the models of the catalogue, with the parameters of their specs, that have tensors of these names and
/// shapes, but for the number of classes; or else those with tensors of these shapes. Empty if there are none. Depths that are
/// free are tried as the paper has them.
std::string lookalike(llvm::ArrayRef<NamedShape> tensors);

} // namespace skip::tool
