// What can be said of a data set before a model runs on it.
#pragma once

#include "tools/compile/Ports.h"
#include "tools/data/Dataset.h"
#include "tools/running/Preprocessing.h"
#include "tools/skipc/Options.h"

namespace skip::tool {

/// Labels are classes of the model; and where the data set has a number of classes of its own, as CIFAR-10 does, it is the
/// model's.
llvm::Error checkLabels(const Options &options, const data::Dataset &dataset, const OutputPort &output);

/// That pictures are there, are pictures, and have sizes that the model's input can be made of: the first is read, of others
/// the headers, for as long as that is cheap.
llvm::Error checkPictures(const Options &options, const data::Dataset &dataset, const Preprocessing &preprocessing,
                          const InputPort &input);

} // namespace skip::tool
