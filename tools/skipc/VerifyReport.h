// What was found by `skipc verify`.
#pragma once

#include "tools/skipc/Options.h"
#include "tools/verifying/OutputCheck.h"
#include "tools/verifying/StepCheck.h"

namespace skip::tool {

/// Of all outputs of a body, from the inputs on.
struct OutputError {
  std::string isa;
  int64_t batch = 0;
  double error = 0, bound = 0;
  std::string name = "outputs";

  bool isWithin() const { return error <= bound; }
};

/// What was found on the way.
struct Findings {
  std::vector<StepError> errors;
  std::vector<OutputError> outputs; ///< empty where the network is large
  std::vector<std::string> faults;
};

/// Prints what was found, as the options say; an error where it is not as it should be. `built` are the bodies, by name.
llvm::Error report(const Options &options, const Findings &findings, llvm::ArrayRef<std::string> built, double seconds);

} // namespace skip::tool
