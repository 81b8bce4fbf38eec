// From the spec to the accounts of its plan's steps.
#include "tools/skipc/ExplainCuda.h"

#include "tools/explaining/GpuSteps.h"
#include "tools/skipc/ExplainCudaReport.h"

using namespace skip;

llvm::Error tool::explainCuda(const Options &options) {
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  if (llvm::Error error = compilation.makePlan({options.name, batchBounds(options, {1}), {}}))
    return error;
  llvm::Expected<plan::CudaTuning> tuned = loadCudaTuning(options);
  if (!tuned)
    return tuned.takeError();
  plan::Gpu gpu = options.gpu.empty() ? plan::h100() : *plan::gpuNamed(options.gpu);
  std::vector<GpuVariant> variants;
  for (auto function : compilation.module().getOps<mlir::func::FuncOp>()) {
    llvm::Expected<GpuVariant> variant = gpuVariantOf(function, gpu, *tuned);
    if (!variant)
      return variant.takeError();
    variants.push_back(std::move(*variant));
  }
  if (options.json)
    printExplainedCudaJson(compilation.libraryName(), variants, gpu, *options.reply);
  else
    llvm::for_each(variants, [&](const GpuVariant &variant) { printExplainedCuda(variant, gpu, widthOfTables(options)); });
  return llvm::Error::success();
}
