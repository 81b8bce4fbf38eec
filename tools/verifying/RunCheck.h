// Whether a run depends on what was in memory before it.
#pragma once

#include "tools/running/RunningBody.h"
#include "tools/running/Outputs.h"
#include "tools/running/RandomInput.h"

#include <string>

namespace skip::tool {

/// What is wrong with a body's runs, one sentence each, and the outputs of one of them.
struct RunFindings {
  std::vector<std::string> faults;
  Outputs outputs;
};

/// Two inputs for up to `images` images.
struct RunInputs {
  const Ports &ports;
  const RandomInput &first, &other;
  int64_t images;
};

/// Runs `body` on the first input in memory that holds NaN; then on the other one, on all images and on fewer; then on the
/// first again, in what these left behind. The outputs must be numbers, and the same bits; nothing may be written beside an
/// array.
llvm::Expected<RunFindings> checkRuns(RunningBody &body, const RunInputs &inputs);

} // namespace skip::tool
