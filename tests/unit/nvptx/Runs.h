// The ways in which tests run a model.
#pragma once

#include "tests/unit/nvptx/Model.h"

namespace skip::testing {

/// All of the bound's images, one, and some, in each mode of completion, with another seed each.
inline std::vector<Run> allRuns(int64_t batch) {
  std::vector<Run> runs;
  uint64_t seed = 1;
  for (emulator::Completion completion : {emulator::Completion::eager, emulator::Completion::lazy, emulator::Completion::mixed})
    for (int64_t images : {batch, int64_t(1), (batch + 1) / 2})
      runs.push_back({.images = images, .seed = seed++, .completion = completion});
  return runs;
}

/// Runs the model in all these ways.
inline void runEach(Model &model, int64_t batch, double bound) {
  for (const Run &run : allRuns(batch))
    model.run(run, bound);
}

} // namespace skip::testing
