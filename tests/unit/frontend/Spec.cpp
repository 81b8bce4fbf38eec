// Builds graphs from specs in memory.
#include "tests/unit/frontend/Spec.h"

#include "mlir/IR/Verifier.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>

using namespace skip;
using namespace skip::frontend;

std::string test::sourceFolder() {
  const char *folder = std::getenv("SKIP_SOURCE_DIR");
  return std::filesystem::canonical(folder ? folder : ".").string();
}

std::string test::modelPath(const std::string &name) { return sourceFolder() + "/models/" + name + ".skip"; }

test::Spec::Spec(GraphRequest request) { module = buildGraph(*context, sources, request, diagnostics); }

test::Spec::Spec(GraphRequest request, const std::string &text) {
  sources.addText(request.path, text);
  module = buildGraph(*context, sources, request, diagnostics);
}

test::Spec::Spec(const std::string &text, std::vector<Define> defines) {
  sources.forbidDisk();
  sources.addText("test.skip", text);
  module = buildGraph(*context, sources, {"test.skip", {}, std::move(defines), {}}, diagnostics);
}

mlir::ModuleOp test::Spec::built() {
  INFO(rendered());
  REQUIRE(module);
  REQUIRE_FALSE(diagnostics.hasErrors());
  REQUIRE(mlir::succeeded(mlir::verify(*module)));
  return *module;
}

std::vector<std::string> test::Spec::codes() const {
  std::vector<std::string> codes;
  for (const Diagnostic *diagnostic : diagnostics.inOrder())
    codes.push_back(diagnostic->info().code.str());
  return codes;
}

std::string test::Spec::rendered(bool colours) const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  diagnostics.print(stream, colours);
  return text;
}

std::string test::Spec::printed() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  built().print(stream);
  return text;
}

test::Tensors test::tensorsOf(mlir::ModuleOp module) {
  Tensors tensors;
  for (auto parameter : module.getOps<graph::ParameterOp>())
    tensors[parameter.getSymName().str()] = {parameter.getTensorType().getShape().vec(), parameter.getBuffer()};
  return tensors;
}

int64_t test::parameterCount(mlir::ModuleOp module) {
  int64_t count = 0;
  for (auto parameter : module.getOps<graph::ParameterOp>())
    count += parameter.getBuffer() ? 0 : parameter.getTensorType().getNumElements();
  return count;
}

int64_t test::multiplyAdds(mlir::ModuleOp module) {
  int64_t sum = 0;
  module.walk([&](graph::Costed op) { sum += op.multiplyAdds(); });
  return sum;
}
