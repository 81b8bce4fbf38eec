// Finds the network's tensors among all that a training script saves.
#pragma once

#include "tools/weights/pytorch/TorchFile.h"

namespace skip::pytorch {

struct StateDict {
  std::string place;                                              // `model.ema`; empty: the file's object itself
  std::vector<std::pair<llvm::StringRef, const Value *>> tensors; // by their names, each name once
  std::vector<std::string> leftOut; // what lies beside them, and in the same dict without being a tensor
  bool byName = false;              // what was left out may be a network too, but `place` is called as scripts call theirs
};

/// The one dict beside which all that holds tensors is none of the network's: an optimizer's state, a moving average, numbers;
/// or the only one of a usual name. An error where there is none, or where another choice would be as good.
llvm::Expected<StateDict> findStateDict(TorchFile &file, llvm::StringRef path);

} // namespace skip::pytorch
