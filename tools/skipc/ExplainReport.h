// What `explain-plan` says of a plan for x86, as a table and as JSON.
#pragma once

#include "tools/explaining/Blocks.h"
#include "tools/explaining/Steps.h"
#include "tools/text/Json.h"

namespace skip::tool {

/// The model for batches up to `batch`.
struct ExplainedVariant {
  int64_t batch;
  std::vector<StepAccount> steps;
  std::vector<BlockAccount> blocks;
};

void printExplained(const ExplainedVariant &variant, size_t width);
void printExplainedJson(llvm::StringRef model, const std::vector<ExplainedVariant> &variants, JsonReply &reply);

} // namespace skip::tool
