// The machine that measures may have neither LLVM nor a network, so it gets libraries, and gives back an export (skip-time).
#include "tools/skipc/TuneCompile.h"

#include "support/Printable.h"
#include "tools/data/Progress.h"
#include "tools/skipc/SpecGraphs.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/Wrap.h"
#include "tools/tuning/CandidateFolder.h"

using namespace skip;
using tool::Options;
using Problems = std::set<plan::CudaProblem>;

static void addProblems(const Options &options, tool::Compilation &compilation, plan::Precision precision, Problems &problems) {
  auto target = llvm::cast<plan::CudaTargetAttr>(
      tool::cudaTargetAttribute(*compilation.module().getContext(), precision, /*hasSm90a=*/false));
  problems.merge(tool::cudaProblemsOf(compilation.module(), target, tool::batchBounds(options, {1})));
}

static llvm::Error checkUsage(const Options &options, tool::Target target) {
  if (target != tool::Target::cuda)
    return tool::badInput("--compile-only is for --target=cuda: what runs on CPUs is measured where it is compiled");
  if (options.compileOnly.empty())
    return tool::badInput(
        "GPUs are tuned in two steps: `skipc tune SPEC --target=cuda --compile-only DIR` here, and `skip-time DIR` "
        "where the GPU is");
  return options.specs.empty() ? tool::badInput("name a SPEC whose contractions are to be compiled for skip-time")
                               : llvm::Error::success();
}

/// What candidates are compiled for.
static llvm::Expected<plan::Architecture> architectureOf(const Options &options) {
  if (options.objects.architectures.empty())
    return plan::Architecture::sm_80;
  std::optional<plan::Architecture> known = plan::symbolizeArchitecture(options.objects.architectures.front());
  if (options.objects.architectures.size() == 1 && known)
    return *known;
  return tool::badInput("--gpu-arch: candidates are compiled for sm_80 and every later GPU, or for sm_90a alone");
}

llvm::Error tool::compileCandidates(const Options &options, Target target) {
  if (llvm::Error error = checkUsage(options, target))
    return error;
  llvm::Expected<plan::Precision> precision = precisionFor(options, target);
  if (!precision)
    return precision.takeError();
  llvm::Expected<plan::Architecture> architecture = architectureOf(options);
  if (!architecture)
    return architecture.takeError();
  Problems problems;
  if (llvm::Error error =
          forEachGraph(options, [&](Compilation &compilation) { addProblems(options, compilation, *precision, problems); }))
    return error;
  if (problems.empty())
    return badInput("--compile-only: " + llvm::Twine(options.specs.size() == 1 ? "the spec has" : "the specs have") +
                    " no convolution or linear layer whose tiles could be chosen");
  data::Progress progress(problems.size() * plan::mostCudaCandidates, "compiling candidates");
  llvm::Expected<CandidateFolder> made =
      writeCandidates(options.compileOnly, problems, *architecture, compileThreads(options), [&] { progress.advance(); });
  if (!made)
    return made.takeError();
  if (!options.json)
    llvm::outs() << counted(made->candidates, "candidate") << " of " << counted(problems.size(), "problem") << " in "
                 << printable(options.compileOnly) << ", " << withSeparators(static_cast<int64_t>(made->bytes))
                 << " bytes; `skip-time` measures them where the GPU is\n";
  options.reply->add([&](llvm::json::OStream &json) {
    json.attribute("candidates", made->candidates);
    json.attribute("problem_count", static_cast<int64_t>(problems.size()));
    json.attribute("bytes", static_cast<int64_t>(made->bytes));
  });
  return llvm::Error::success();
}
