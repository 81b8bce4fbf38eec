// Where numbers went: the first step of a group's gradients whose results hold NaN or infinity.
#pragma once

#include "codegen/TrainingImage.h"
#include "tools/training/Trainer.h"

namespace skip::tool {

/// Runs the groups of a batch again, on the state as it is, and names the first layer with such a result; empty if there is
/// none. The step's gradients are dropped.
llvm::Expected<std::string> firstBadLayer(Trainer &trainer, const codegen::TrainingImage &image, const float *pixels,
                                          size_t groupFloats, const int32_t *labels);

/// A step of the plan is called by a layer and what it computes of it (`bn1.moments`): the longest of `layers` that it is of,
/// or the step itself where it is of none.
std::string layerOfStep(llvm::StringRef step, llvm::ArrayRef<std::string> layers);

} // namespace skip::tool
