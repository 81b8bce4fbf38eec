// The texts between the stages.
#include "tools/compile/Stages.h"

#include "codegen/OutputFiles.h"
#include "ir/plan/x86/Isa.h"
#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "tools/text/Failure.h"
#include "tools/text/Table.h"

using namespace skip;
using tool::Compilation;

/// What stands for the stage on the way to PTX.
static nvptx::Stage cudaStageOf(x86::Stage stage) {
  switch (stage) {
  case x86::Stage::Kernel:
    return nvptx::Stage::Kernel;
  case x86::Stage::Llvm:
    return nvptx::Stage::Llvm;
  case x86::Stage::Asm:
    return nvptx::Stage::Ptx;
  }
  llvm_unreachable("unknown stage");
}

/// The texts of all kernels, each below a line with its name; those of MLIR apart as `-split-input-file` takes them.
static llvm::Error printKernels(Compilation &compilation, x86::Stage stage, llvm::raw_ostream &os) {
  bool isMlir = stage == x86::Stage::Kernel, first = true;
  for (const x86::Job &job : compilation.lowered().jobs) {
    llvm::Expected<std::string> text = x86::printKernel(job, stage);
    if (!text)
      return tool::internalError("kernel", text.takeError());
    if (isMlir && !first)
      os << "// -----\n";
    first = false;
    os << (isMlir ? "//" : ";") << " === kernel " << job.symbol << " (" << plan::isaName(job.target.isa) << ") ===\n"
       << *text << "\n";
  }
  for (const nvptx::Job &job : compilation.lowered().cudaJobs) {
    llvm::Expected<std::string> text = nvptx::printKernel(job, cudaStageOf(stage));
    if (!text)
      return tool::internalError("kernel", text.takeError());
    if (isMlir && !first)
      os << "// -----\n";
    first = false;
    os << (isMlir ? "//" : ";") << " === kernel " << job.symbol << " (" << nvptx::codeOf(job.spec.column).target << ") ===\n"
       << *text << "\n";
  }
  return llvm::Error::success();
}

static llvm::Error printObjects(Compilation &compilation, llvm::raw_ostream &os) {
  if (llvm::Error error = compilation.compileKernels())
    return error;
  tool::Table table({{"function"}, {"isa"}, {"object bytes", tool::Table::Align::right}});
  for (auto [job, object] : llvm::zip_equal(compilation.lowered().jobs, compilation.objects()))
    table.add({job.symbol, std::string(plan::isaName(job.target.isa)), std::to_string(object.size())});
  for (auto [job, text] : llvm::zip_equal(compilation.lowered().cudaJobs, compilation.ptx()))
    table.add({job.symbol, nvptx::codeOf(job.spec.column).target.str(), std::to_string(text.size())});
  table.print(os);
  return llvm::Error::success();
}

/// Those of several targets apart as `-split-input-file` takes them.
static void printPlans(Compilation &compilation, llvm::raw_ostream &os) {
  for (auto [index, module] : llvm::enumerate(compilation.plans())) {
    os << (index ? "// -----\n" : "");
    tool::printModule(module, os);
  }
}

static llvm::Error printStage(const tool::CompileOptions &options, const tool::PlanRequest &request, llvm::StringRef stage,
                              llvm::raw_ostream &os) {
  Compilation compilation(options);
  if (stage == "ast")
    return compilation.printSyntax(os);
  if (llvm::Error error = compilation.readGraph())
    return error;
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  if (stage == "graph")
    return tool::printModule(compilation.module(), os), llvm::Error::success();
  if (llvm::Error error = compilation.makePlan(request))
    return error;
  if (stage == "plan")
    return printPlans(compilation, os), llvm::Error::success();
  if (llvm::Error error = compilation.lower())
    return error;
  if (stage == "object")
    return printObjects(compilation, os);
  return printKernels(compilation, stage == "kernel" ? x86::Stage::Kernel : x86::Stage::Llvm, os);
}

llvm::Error tool::showStage(const CompileOptions &options, const PlanRequest &request, llvm::StringRef stage,
                            const std::string &output) {
  bool toOutput = output.empty() || output == "-";
  if (toOutput && !llvm::outs().is_displayed())
    return printStage(options, request, stage, llvm::outs());
  std::string text, error;
  llvm::raw_string_ostream os(text);
  if (llvm::Error failed = printStage(options, request, stage, os))
    return failed;
  if (toOutput) {
    llvm::outs() << printableLines(text); // for a reader; a file has the text as it is
    return llvm::Error::success();
  }
  return writeFileAtomically(output, text, error) ? llvm::Error::success() : badInput(error);
}

static llvm::StringRef suffixOf(x86::Stage stage) {
  return stage == x86::Stage::Kernel ? ".mlir" : stage == x86::Stage::Llvm ? ".ll" : ".s";
}

llvm::Error tool::appendKernelFiles(Compilation &compilation, x86::Stage stage, std::vector<codegen::ExtraFile> &files) {
  llvm::StringRef suffix = suffixOf(stage);
  for (const x86::Job &job : compilation.lowered().jobs) {
    llvm::Expected<std::string> text = x86::printKernel(job, stage);
    if (!text)
      return internalError("kernel", text.takeError());
    files.push_back({job.symbol + suffix.str(), std::move(*text)});
  }
  for (const nvptx::Job &job : compilation.lowered().cudaJobs) {
    llvm::Expected<std::string> text = nvptx::printKernel(job, cudaStageOf(stage));
    if (!text)
      return internalError("kernel", text.takeError());
    files.push_back({job.symbol + (stage == x86::Stage::Asm ? ".ptx" : suffix.str()), std::move(*text)});
  }
  return llvm::Error::success();
}

llvm::Error tool::writeKernelFiles(Compilation &compilation, const std::string &folder, x86::Stage stage) {
  std::vector<codegen::ExtraFile> kernels;
  if (llvm::Error error = appendKernelFiles(compilation, stage, kernels))
    return error;
  codegen::OutputFiles files;
  if (llvm::Error error = files.open(folder))
    return badInput(llvm::toString(std::move(error)));
  for (const codegen::ExtraFile &kernel : kernels) {
    llvm::Expected<AtomicFile *> file = files.output(kernel.name);
    if (!file)
      return badInput(llvm::toString(file.takeError()));
    if (llvm::Error error = codegen::writeBytes(**file, kernel.bytes))
      return badInput(llvm::toString(std::move(error)));
  }
  llvm::Error error = files.commit();
  return error ? badInput(llvm::toString(std::move(error))) : llvm::Error::success();
}
