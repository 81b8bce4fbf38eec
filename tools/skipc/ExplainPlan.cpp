// `skipc explain-plan`: what was fused with what, by which algorithm each convolution runs, and what the alternatives would
// cost.
//
// Times are the cost model's, of one core at 3 GHz with this machine's vectors and caches, or those of a machine that --device
// states: they are the same digit for digit each time. What a run takes `skipc bench --steps` measures.
#include "tools/compile/Compile.h"
#include "tools/compile/Targets.h"
#include "tools/compile/Tuning.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/ExplainCuda.h"
#include "tools/skipc/ExplainReport.h"
#include "tools/text/Failure.h"

using namespace skip;

using tool::Body;
using tool::Compilation;
using tool::ExplainedVariant;
using tool::Peak;

static llvm::Error explainX86(const tool::Options &options) {
  if (llvm::Expected<plan::Precision> precision = tool::precisionFor(options, tool::Target::x86); !precision)
    return precision.takeError();
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  llvm::Expected<tuning::Device> device = tool::deviceOf(options);
  if (!device)
    return device.takeError();
  std::string machine = options.device.empty() ? "this machine" : "the machine of --device";
  llvm::Expected<std::vector<Body>> bodies = tool::bodiesOfMachine(options, device->body, machine);
  if (!bodies)
    return bodies.takeError();
  Body body = bodies->back();
  if (llvm::Error error = compilation.makePlan({options.name, tool::batchBounds(options, {1}), {body}}))
    return error;
  llvm::Expected<plan::TuningTable> tuned = tool::loadTuning(options);
  if (!tuned)
    return tuned.takeError();
  Peak peak = Peak::assumed(*device);
  std::vector<ExplainedVariant> variants;
  for (auto function : compilation.module().getOps<mlir::func::FuncOp>()) {
    ExplainedVariant &variant = variants.emplace_back();
    variant.batch = function->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr).getInt();
    std::vector<double> seconds;
    for (auto kernel : function.getOps<plan::KernelOp>()) {
      variant.steps.push_back(tool::accountOf(kernel, variant.batch, options.exact, body, peak, *tuned));
      seconds.push_back(variant.steps.back().multiplying);
    }
    variant.blocks = tool::blocksOf(function, variant.batch, seconds, static_cast<double>(device->l2) / 2, peak);
  }
  if (options.json)
    tool::printExplainedJson(compilation.libraryName(), variants, *options.reply);
  else
    llvm::for_each(variants,
                   [&](const ExplainedVariant &variant) { tool::printExplained(variant, tool::widthOfTables(options)); });
  return llvm::Error::success();
}

llvm::Error tool::explainPlan(const Options &options) {
  if (options.targets.size() > 1)
    return badInput("explain-plan tells of one target's plan: give --target one name");
  llvm::Expected<Target> target = runnableTarget(options);
  if (!target)
    return target.takeError();
  switch (*target) {
  case Target::x86:
    if (!options.gpu.empty())
      return badInput("--gpu says which GPU times are predicted for, and --target names no cuda");
    return explainX86(options);
  case Target::cuda:
    return explainCuda(options);
  }
  llvm_unreachable("a target whose plans nobody explains");
}
