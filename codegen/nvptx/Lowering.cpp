#include "codegen/nvptx/Lowering.h"

#include "codegen/nvptx/KernelSpec.h"

using namespace skip;
using codegen::CudaKernel;
using codegen::CudaKernels;

codegen::Variant nvptx::Lowering::startVariant(int64_t batch) {
  specs.clear();
  codegen::Variant variant;
  variant.extents = {{batch, batch}};
  variant.kernels = CudaKernels();
  return variant;
}

/// PTX's identifiers have no dots.
static std::string entryName(llvm::StringRef name) {
  std::string text = "k$" + name.str();
  llvm::replace(text, '.', '$');
  return text;
}

/// The entry that computes `spec`: a known one's, or that of a new job.
std::string nvptx::Lowering::symbolFor(const Spec &spec, llvm::StringRef name) {
  auto known = llvm::find_if(jobs, [&](const Job &job) { return job.spec == spec; });
  if (known != jobs.end())
    return known->symbol;
  jobs.push_back({entryName(name), spec, static_cast<unsigned>(attribute.getArchitectures().front())});
  return jobs.back().symbol;
}

codegen::StepShape nvptx::Lowering::stepShapeOf(plan::KernelOp kernel) const { return nvptx::stepShapeOf(kernel); }

std::optional<uint32_t> nvptx::Lowering::addKernel(plan::KernelOp kernel, codegen::Variant &variant) {
  std::optional<Spec> spec = specOf(kernel, 0);
  if (!spec)
    return std::nullopt;
  size_t index = llvm::find(specs, *spec) - specs.begin();
  if (index == specs.size()) {
    CudaKernel entry{.name = symbolFor(*spec, *kernel.getKernel()),
                     .threads = static_cast<uint32_t>(threadsOf(*spec)),
                     .sharedBytes = static_cast<uint32_t>(sharedBytesOf(*spec)),
                     .split = splitOf(*spec)};
    std::get<CudaKernels>(variant.kernels).push_back(std::move(entry));
    specs.push_back(std::move(*spec));
  }
  return static_cast<uint32_t>(index);
}

std::optional<size_t> nvptx::Lowering::identityOf(plan::KernelOp kernel) {
  std::optional<Spec> spec = specOf(kernel, 0);
  return spec ? std::optional(numberOf(std::move(*spec), known)) : std::nullopt;
}

codegen::Refusal nvptx::Lowering::refusalOf(plan::KernelOp kernel) const { return nvptx::refusalOf(kernel); }
