// With which values a training begins: fresh ones, those of a checkpoint, or where an earlier run stood.
#pragma once

#include "codegen/TrainingImage.h"
#include "tools/training/Memory.h"

namespace skip::tool {

/// Fresh values from the seed.
llvm::Error startFresh(Trainer &trainer, uint64_t seed);

/// Below which a checkpoint's values are not taken.
struct FreshLabels {
  llvm::ArrayRef<std::string> labels;
  std::string listing; ///< the command that lists a model's labels
};

/// Values of a checkpoint, all but those below the labels `fresh` (`fc`: `fc.weight` and what else begins with `fc.`), which
/// are fresh ones. What an optimizer kept there is not taken. `path` is for messages.
llvm::Error startFrom(Trainer &trainer, const codegen::Image &image, uint64_t seed, llvm::ArrayRef<char> checkpoint,
                      const std::string &path, const FreshLabels &fresh);

/// Where the run of this training stood that wrote the checkpoint at `path`: state, and memory.
llvm::Expected<TrainingMemory> startAgain(Trainer &trainer, const std::string &path, const TrainingIdentity &identity);

/// The evaluation that the best checkpoint at `path` of this training is of; none if there is no such file.
llvm::Expected<BestScore> bestScoreOf(const std::string &path, const TrainingIdentity &identity);

/// Whether there is a file; fails where that cannot be known, as in a loop of links.
llvm::Expected<bool> isThere(const std::string &path);

/// A text that says which code computes: another text, and a training may give other bits.
std::string planOf(const codegen::TrainingImage &image, llvm::StringRef isa);

/// The same of the network, whose graph is given as the front end prints it.
std::string networkOf(llvm::StringRef graph);

} // namespace skip::tool
