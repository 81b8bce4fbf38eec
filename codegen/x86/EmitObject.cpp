// From a kernel's spec to an object: emit, lower MLIR to LLVM IR, optimise, generate code. Each job owns its MLIR and LLVM
// contexts, so jobs share nothing and their bytes do not depend on the number of threads.
#include "codegen/x86/EmitObject.h"

#include "codegen/kernel/Compile.h"
#include "codegen/x86/LowerToLlvm.h"
#include "codegen/x86/TargetMachine.h"
#include "codegen/x86/kernel/Builder.h"

#include "llvm/CodeGen/MachineFrameInfo.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

using namespace skip;
using namespace skip::x86;

static llvm::Error failure(const Job &job, llvm::StringRef stage, const llvm::Twine &reason) {
  return llvm::createStringError("kernel `" + job.symbol + "`: " + stage + ": " + reason);
}

static bool keepsOrder(const llvm::Module &module) {
  return llvm::any_of(module, [](const llvm::Function &function) { return function.hasFnAttribute(kernel::keepOrderAttr); });
}

namespace {
/// Adds up the frames of a module's functions, which is no less than what the deepest chain of calls takes: none is recursive.
/// What they may call beside (memset, memcpy) the runtime reserves room for.
class AddFrames : public llvm::MachineFunctionPass {
public:
  explicit AddFrames(uint64_t &stackBytes) : MachineFunctionPass(ID), stackBytes(stackBytes) {}

  bool runOnMachineFunction(llvm::MachineFunction &function) override {
    const llvm::MachineFrameInfo &frame = function.getFrameInfo();
    // A frame is moved down to a multiple of its alignment, and lies below its caller's address and frame pointer.
    uint64_t around = frame.getMaxAlign().value() + 2 * sizeof(void *);
    stackBytes += frame.hasVarSizedObjects() ? kUnbounded : frame.getStackSize() + around;
    return false;
  }
  void getAnalysisUsage(llvm::AnalysisUsage &usage) const override {
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }

  static char ID;

private:
  static constexpr uint64_t kUnbounded = uint64_t{1} << 40;
  uint64_t &stackBytes;
};
char AddFrames::ID = 0;
} // namespace

/// `addPassesToEmitFile`, but that the machine scheduler, which moves loads up until vectors spill, can be left out, and that
/// frames are measured.
static bool addCodeGenPasses(llvm::legacy::PassManager &passes, llvm::TargetMachine &machine, llvm::raw_pwrite_stream &stream,
                             llvm::CodeGenFileType kind, bool keepOrder, uint64_t &stackBytes) {
  auto *machineInfo = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig *config = machine.createPassConfig(passes);
  if (keepOrder)
    config->disablePass(&llvm::MachineSchedulerID);
  passes.add(config);
  passes.add(machineInfo);
  if (config->addISelPasses())
    return true;
  config->addMachinePasses();
  config->setInitialized();
  passes.add(new AddFrames(stackBytes));
  return machine.addAsmPrinter(passes, stream, nullptr, kind, machineInfo->getMMI().getContext());
}

static llvm::Expected<std::string> generateCode(const Job &job, llvm::Module &module, llvm::TargetMachine &machine,
                                                llvm::CodeGenFileType kind, uint64_t &stackBytes) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (addCodeGenPasses(passes, machine, stream, kind, keepsOrder(module), stackBytes))
    return failure(job, "code generation", "the target cannot write this file");
  passes.run(module);
  if (stackBytes > SKIP_MOST_KERNEL_STACK)
    return failure(job, "code generation",
                   "it takes " + llvm::Twine(stackBytes) + " bytes of stack, a kernel may take " +
                       llvm::Twine(int(SKIP_MOST_KERNEL_STACK)));
  return std::string(bytes.begin(), bytes.end());
}

template <typename Printable> static std::string toText(Printable &value) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  value.print(stream, nullptr);
  return text;
}

namespace {
/// A job's kernel in upstream dialects, in a context of its own.
struct Emitted {
  explicit Emitted(const Job &job) {
    kernel::loadKernelDialects(context);
    module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context), job.symbol);
    kernel::emitKernel(*module, job.symbol, job.spec);
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// What is made of an emitted kernel.
enum class Product { Llvm, Asm, Object };
} // namespace

/// For assembly and objects `stackBytes` is what the kernel takes.
static llvm::Expected<std::string> compile(const Job &job, mlir::ModuleOp source, Product product, uint64_t &stackBytes) {
  auto machine = createTargetMachine(job.target);
  if (!machine)
    return failure(job, "target", "this LLVM has no x86-64 back end");
  llvm::LLVMContext llvmContext;
  std::string reason;
  std::unique_ptr<llvm::Module> module = lowerToLlvm(source, llvmContext, *machine, reason);
  if (!module)
    return failure(job, "lowering to LLVM IR", reason);
  codegen::optimizeKernel(*module, *machine);
  if (product == Product::Llvm)
    return toText(*module);
  auto kind = product == Product::Asm ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  return generateCode(job, *module, *machine, kind, stackBytes);
}

static llvm::Expected<codegen::CompiledKernel> compileObject(const Job &job, codegen::KernelCache &cache) {
  Emitted emitted(job);
  std::string target = ("x86 " + llvm::Twine(job.target.isa) + " " + job.target.cpu + " " + job.target.features).str();
  return cache.get(*emitted.module, target, [&]() -> llvm::Expected<codegen::CompiledKernel> {
    codegen::CompiledKernel kernel;
    if (llvm::Error error = compile(job, *emitted.module, Product::Object, kernel.stackBytes).moveInto(kernel.code))
      return error;
    return kernel;
  });
}

llvm::Expected<Compiled> x86::compileKernels(llvm::ArrayRef<Job> jobs, unsigned threads, codegen::KernelCache &cache,
                                             llvm::function_ref<void()> onCompiled) {
  llvm::Expected<std::vector<codegen::CompiledKernel>> kernels =
      codegen::compileJobs(jobs.size(), threads, [&](size_t i) { return compileObject(jobs[i], cache); }, onCompiled);
  if (!kernels)
    return kernels.takeError();
  Compiled compiled;
  for (codegen::CompiledKernel &kernel : *kernels) {
    compiled.objects.push_back(std::move(kernel.code));
    compiled.stackBytes = std::max(compiled.stackBytes, kernel.stackBytes);
  }
  return compiled;
}

llvm::Expected<std::string> x86::printKernel(const Job &job, Stage stage) {
  Emitted emitted(job);
  uint64_t ignored = 0;
  switch (stage) {
  case Stage::Kernel: {
    std::string text;
    llvm::raw_string_ostream stream(text);
    emitted.module->print(stream);
    return text;
  }
  case Stage::Llvm:
    return compile(job, *emitted.module, Product::Llvm, ignored);
  case Stage::Asm:
    return compile(job, *emitted.module, Product::Asm, ignored);
  }
  llvm_unreachable("unknown stage");
}
