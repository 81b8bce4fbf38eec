#include "tools/tuning/CandidateGraph.h"

#include "codegen/NameKernels.h"
#include "ir/plan/Plan.h"
#include "ir/plan/ProblemText.h"
#include "tools/text/Failure.h"

#include "llvm/Support/FormatVariadic.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

using namespace skip;

std::vector<int64_t> tool::candidateFilter(const graph::ContractionSizes &p) {
  if (p.isLinear)
    return {p.outChannels, p.inChannels * p.kernelHeight * p.kernelWidth};
  return {p.outChannels, p.inChannels, p.kernelHeight, p.kernelWidth};
}

int64_t tool::elementsOf(llvm::ArrayRef<int64_t> dims) {
  int64_t product = 1;
  for (int64_t dim : dims)
    product *= dim;
  return product;
}

std::vector<int64_t> tool::candidateInput(const graph::ContractionSizes &p) {
  auto [height, width] = plan::inputExtents(p);
  return {p.inChannels, height, width};
}

static std::string tensorType(llvm::ArrayRef<int64_t> dims, bool hasBatch) {
  std::string text = hasBatch ? "tensor<?x" : "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + "f32>";
}

std::string tool::candidateGraph(const graph::ContractionSizes &p, bool planarInput) {
  std::vector<int64_t> in = candidateInput(p), out = {p.outChannels, p.outHeight, p.outWidth};
  if (p.isLinear)
    out.resize(1);
  std::string inType = tensorType(in, true), outType = tensorType(out, true),
              filterType = tensorType(candidateFilter(p), false);
  std::string biasType = tensorType(p.outChannels, false), flatType = tensorType(elementsOf(in), true);
  std::string text = "graph.parameter @w : " + filterType + "\ngraph.parameter @b : " + biasType + "\n";
  text += "func.func @candidate(%image: " + inType + ") -> " + outType + " {\n";
  if (!planarInput)
    text += "  %x = graph.relu %image : (" + inType + ") -> " + inType + "\n";
  std::string x = planarInput ? "%image" : "%x";
  text += "  %w = graph.read_parameter @w : " + filterType + "\n  %b = graph.read_parameter @b : " + biasType + "\n";
  if (p.isLinear) {
    text += "  %f = graph.flatten " + x + " : (" + inType + ") -> " + flatType + "\n";
    text += "  %c = graph.linear %f, %w bias %b : (" + flatType;
  } else {
    text += llvm::formatv("  %c = graph.conv2d {0}, %w bias %b stride {1} padding {2} : ({3}", x, p.stride, p.padding, inType);
  }
  text += ", " + filterType + ", " + biasType + ") -> " + outType + "\n";
  text += "  %y = graph.relu %c : (" + outType + ") -> " + outType + "\n  return %y : " + outType + "\n}\n";
  return text;
}

static void annotate(mlir::ModuleOp module, const tool::CandidatePlan &how) {
  mlir::MLIRContext *context = module.getContext();
  module->setAttr(plan::targetAttr, how.target);
  mlir::Attribute choice = mlir::StringAttr::get(context, how.choice);
  mlir::NamedAttribute entry(mlir::StringAttr::get(context, how.problem), mlir::ArrayAttr::get(context, choice));
  module->setAttr(plan::tuningAttr, mlir::DictionaryAttr::get(context, entry));
}

llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> tool::planCandidate(mlir::MLIRContext &context, const std::string &graph,
                                                                      const CandidatePlan &how) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(graph, &context);
  if (module)
    annotate(*module, how);
  mlir::PassManager passes(&context);
  plan::PipelineOptions pipeline;
  pipeline.batches = {how.images};
  codegen::buildPipeline(passes, pipeline);
  if (!module || mlir::failed(passes.run(*module)))
    return internalError("tune", how.problem + ", " + how.choice + ": " + message);
  return module;
}
