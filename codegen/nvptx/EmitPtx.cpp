// A job's way: emitter, LLVM IR, a few of LLVM's passes, PTX. Each job owns its MLIR and LLVM contexts, so jobs share nothing
// and their text does not depend on the number of threads.
//
// PTX for sm_80 is of version 7.0, which drivers from CUDA 11.0 on compile for any GPU that is not older. That for sm_90a is
// of 8.0, of CUDA 12.0, and has the kernels that are the same there as they are.
#include "codegen/nvptx/EmitPtx.h"

#include "codegen/kernel/Compile.h"
#include "codegen/nvptx/LowerToLlvm.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace skip;
using namespace skip::nvptx;

extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

static constexpr const char *kTriple = "nvptx64-nvidia-cuda";
static constexpr ColumnCode kColumns[SKIP_CUDA_COLUMN_COUNT] = {{80, "sm_80", "7.0", "+ptx70"},
                                                                {90, "sm_90a", "8.0", "+ptx80"}};
static constexpr llvm::StringLiteral kHeaderEnd = ".address_size 64\n";

static llvm::Error failure(const Job &job, llvm::StringRef stage, const llvm::Twine &reason) {
  return llvm::createStringError("kernel `" + job.symbol + "`: " + stage + ": " + reason);
}

const ColumnCode &nvptx::codeOf(SkipCudaColumn column) { return kColumns[column]; }

static std::unique_ptr<llvm::TargetMachine> createTargetMachine(const ColumnCode &code) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  std::string ignored;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(llvm::Triple(kTriple), ignored);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict; // only the fused operations that emitters ask for
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(llvm::Triple(kTriple), code.target, code.feature,
                                                                          options, std::nullopt, std::nullopt,
                                                                          llvm::CodeGenOptLevel::Aggressive));
}

/// The text behind the header, which is joinKernels' to write.
static llvm::Expected<std::string> generateCode(const Job &job, llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return failure(job, "code generation", "the target cannot write PTX");
  passes.run(module);
  llvm::StringRef text(bytes.data(), bytes.size());
  size_t end = text.find(kHeaderEnd);
  if (end == llvm::StringRef::npos)
    return failure(job, "code generation", "the PTX has no header");
  return text.drop_front(end + kHeaderEnd.size()).str();
}

template <typename Printable> static std::string toText(Printable &&print) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(stream);
  return text;
}

namespace {
/// A kernel in upstream dialects, in a context of its own.
struct Emitted {
  Emitted(const Spec &spec, const std::string &symbol) {
    loadKernelDialects(context);
    module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context), symbol);
    emitKernel(*module, symbol, spec);
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// What is made of an emitted kernel.
enum class Product { Llvm, Ptx };
} // namespace

static llvm::Expected<std::string> compile(const Job &job, mlir::ModuleOp source, Product product) {
  auto machine = createTargetMachine(codeOf(job.spec.column));
  if (!machine)
    return failure(job, "target", "this LLVM has no NVPTX back end");
  llvm::LLVMContext llvmContext;
  std::string reason;
  std::unique_ptr<llvm::Module> module = lowerToLlvm(source, llvmContext, *machine, reason);
  if (!module)
    return failure(job, "lowering to LLVM IR", reason);
  codegen::optimizeKernel(*module, *machine);
  if (product == Product::Llvm)
    return toText([&](llvm::raw_ostream &os) { module->print(os, nullptr); });
  return generateCode(job, *module, *machine);
}

static std::string replaceAll(llvm::StringRef text, llvm::StringRef what, llvm::StringRef with) {
  std::string result;
  for (size_t at; (at = text.find(what)) != llvm::StringRef::npos; text = text.drop_front(at + what.size()))
    (result += text.take_front(at)) += with;
  return result += text;
}

/// Models call the same kernel by different names, so it is compiled under one that stands for any.
static llvm::Expected<codegen::CompiledKernel> compilePtx(const Job &job, codegen::KernelCache &cache) {
  constexpr llvm::StringLiteral anyName = "name_of_the_kernel";
  Emitted emitted(job.spec, anyName.str());
  const ColumnCode &code = codeOf(job.spec.column);
  std::string target = ("cuda " + code.target + " " + code.feature).str();
  llvm::Expected<codegen::CompiledKernel> kernel =
      cache.get(*emitted.module, target, [&]() -> llvm::Expected<codegen::CompiledKernel> {
        codegen::CompiledKernel made;
        if (llvm::Error error = compile(job, *emitted.module, Product::Ptx).moveInto(made.code))
          return error;
        return made;
      });
  if (kernel)
    kernel->code = replaceAll(kernel->code, anyName, job.symbol);
  return kernel;
}

llvm::Expected<std::vector<std::string>> nvptx::compileKernels(llvm::ArrayRef<Job> jobs, unsigned threads,
                                                               codegen::KernelCache &cache,
                                                               llvm::function_ref<void()> onCompiled) {
  llvm::Expected<std::vector<codegen::CompiledKernel>> kernels =
      codegen::compileJobs(jobs.size(), threads, [&](size_t i) { return compilePtx(jobs[i], cache); }, onCompiled);
  if (!kernels)
    return kernels.takeError();
  std::vector<std::string> texts;
  for (codegen::CompiledKernel &kernel : *kernels)
    texts.push_back(std::move(kernel.code));
  return texts;
}

static std::string headerOf(SkipCudaColumn column) {
  const ColumnCode &code = codeOf(column);
  return (".version " + code.version + "\n.target " + code.target + "\n" + kHeaderEnd).str();
}

std::vector<Text> nvptx::joinKernels(llvm::ArrayRef<Job> jobs, llvm::ArrayRef<std::string> kernels) {
  std::vector<Text> texts;
  for (SkipCudaColumn column : {SKIP_CUDA_SM_90A, SKIP_CUDA_SM_80}) {
    std::string text;
    for (auto [job, kernel] : llvm::zip_equal(jobs, kernels))
      if (job.spec.column == column)
        text += (text.empty() ? headerOf(column) : "") + kernel;
    if (!text.empty())
      texts.push_back({column, std::move(text)});
  }
  return texts;
}

llvm::Expected<std::string> nvptx::printKernel(const Job &job, Stage stage) {
  Emitted emitted(job.spec, job.symbol);
  switch (stage) {
  case Stage::Kernel:
    return toText([&](llvm::raw_ostream &os) { emitted.module->print(os); });
  case Stage::Llvm:
    return compile(job, *emitted.module, Product::Llvm);
  case Stage::Ptx: {
    llvm::Expected<std::string> text = compile(job, *emitted.module, Product::Ptx);
    return text ? headerOf(job.spec.column) + *text : std::move(text);
  }
  }
  llvm_unreachable("unknown stage");
}
