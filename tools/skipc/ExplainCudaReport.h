// What `explain-plan` says of a plan for GPUs, as a table and as JSON.
#pragma once

#include "tools/explaining/GpuSteps.h"
#include "tools/text/Json.h"

namespace skip::tool {

void printExplainedCuda(const GpuVariant &variant, const plan::Gpu &gpu, size_t width);
void printExplainedCudaJson(llvm::StringRef model, const std::vector<GpuVariant> &variants, const plan::Gpu &gpu,
                            JsonReply &reply);

} // namespace skip::tool
