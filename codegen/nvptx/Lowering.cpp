#include "codegen/nvptx/Lowering.h"

#include "codegen/nvptx/KernelSpec.h"

using namespace skip;
using codegen::CudaForm;
using codegen::CudaKernel;
using codegen::CudaKernels;

codegen::Variant nvptx::Lowering::startVariant(int64_t batch) {
  kernels.clear();
  codegen::Variant variant;
  variant.extents = {{batch, batch}};
  variant.kernels = CudaKernels();
  return variant;
}

/// PTX's identifiers have no dots. A kernel's code is another one in each column.
static std::string entryName(llvm::StringRef name, SkipCudaColumn column) {
  std::string text = "k$" + name.str() + (column == SKIP_CUDA_SM_80 ? "" : "$" + nvptx::codeOf(column).target.str());
  llvm::replace(text, '.', '$');
  return text;
}

/// The entry that computes `spec`: a known one's, or that of a new job.
std::string nvptx::Lowering::symbolFor(const Spec &spec, llvm::StringRef name) {
  auto known = llvm::find_if(jobs, [&](const Job &job) { return job.spec == spec; });
  if (known != jobs.end())
    return known->symbol;
  jobs.push_back({entryName(name, spec.column), spec});
  return jobs.back().symbol;
}

std::optional<nvptx::Lowering::Specs> nvptx::Lowering::specsOf(plan::KernelOp kernel) const {
  Specs specs;
  for (size_t column = 0; column < attribute.getArchitectures().size(); ++column) {
    std::optional<Spec> spec = specOf(kernel, column);
    if (!spec)
      return std::nullopt;
    specs.push_back(std::move(*spec));
  }
  return specs;
}

codegen::StepShape nvptx::Lowering::stepShapeOf(plan::KernelOp kernel) const { return nvptx::stepShapeOf(kernel); }

static CudaForm formOf(const nvptx::Spec &spec, std::string name) {
  llvm::SmallVector<SkipCudaMap> maps = nvptx::mapsOf(spec);
  return {.name = std::move(name),
          .maps = {maps.begin(), maps.end()},
          .threads = static_cast<uint32_t>(threadsOf(spec)),
          .sharedBytes = static_cast<uint32_t>(sharedBytesOf(spec)),
          .cluster = static_cast<uint32_t>(clusterOf(spec)),
          .startsEarly = spec.column == SKIP_CUDA_SM_90A,
          .split = splitOf(spec)};
}

std::optional<uint32_t> nvptx::Lowering::addKernel(plan::KernelOp kernel, codegen::Variant &variant) {
  std::optional<Specs> specs = specsOf(kernel);
  if (!specs)
    return std::nullopt;
  size_t index = llvm::find(kernels, *specs) - kernels.begin();
  if (index == kernels.size()) {
    CudaKernel entry;
    for (const Spec &spec : *specs)
      entry.forms[spec.column] = formOf(spec, symbolFor(spec, *kernel.getKernel()));
    std::get<CudaKernels>(variant.kernels).push_back(std::move(entry));
    kernels.push_back(std::move(*specs));
  }
  return static_cast<uint32_t>(index);
}

std::optional<size_t> nvptx::Lowering::identityOf(plan::KernelOp kernel) {
  std::optional<Specs> specs = specsOf(kernel);
  return specs ? std::optional(numberOf(std::move(*specs), known)) : std::nullopt;
}

codegen::Refusal nvptx::Lowering::refusalOf(plan::KernelOp kernel) const { return nvptx::refusalOf(kernel); }
