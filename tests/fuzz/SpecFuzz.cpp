// The front end on any bytes: it gives a module that verifies, or errors that can be shown; never both, never neither. What
// parses also prints in canonical form, and that text parses to the same. A recipe keeps its rules, and setting each of its
// settings to what it is changes nothing.
#include "frontend/Frontend.h"
#include "frontend/RecipeSettings.h"
#include "tests/fuzz/Require.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

#include "llvm/Support/MemoryBuffer.h"

#include <cstdlib>

using namespace skip::frontend;
using skip::fuzz::require;

namespace {

/// What most of the corpus reads beside itself: the catalogue's shared blocks and class names.
struct Catalogue {
  std::unique_ptr<llvm::MemoryBuffer> blocks, vggBlocks, classes;

  Catalogue() : blocks(read("blocks.skip")), vggBlocks(read("vgg_blocks.skip")), classes(read("imagenet-classes.txt")) {}

  static std::unique_ptr<llvm::MemoryBuffer> read(const char *name) {
    const char *root = std::getenv("SKIP_SOURCE_DIR");
    auto buffer = llvm::MemoryBuffer::getFile(std::string(root ? root : ".") + "/models/" + name);
    return buffer ? std::move(*buffer) : llvm::MemoryBuffer::getMemBuffer("");
  }
};

} // namespace

static Sources sourcesWith(llvm::StringRef text) {
  static const Catalogue catalogue;
  Sources sources;
  sources.forbidDisk();
  sources.addText("blocks.skip", catalogue.blocks->getBuffer());
  sources.addText("vgg_blocks.skip", catalogue.vggBlocks->getBuffer());
  sources.addText("imagenet-classes.txt", catalogue.classes->getBuffer());
  sources.addText("fuzz.skip", text);
  return sources;
}

/// Small enough that an input which reaches them is as fast as others.
static Limits smallLimits() {
  Limits limits;
  limits.operations = 20'000;
  limits.steps = 200'000;
  return limits;
}

static void checkRecipe(const Recipe &recipe) {
  std::vector<std::string> settings, errors;
  for (const auto &[name, value] : listSettings(recipe))
    settings.push_back(name + "=" + value);
  Recipe same = recipe;
  require(check(recipe).empty(), "a recipe keeps its rules");
  require(applySettings(same, settings, errors), "a recipe's settings can be set");
  require(same == recipe, "to what they are");
}

static void checkBuild(llvm::StringRef text) {
  // Contexts keep every type and name that they ever saw, so one does not serve for ever.
  static std::unique_ptr<mlir::MLIRContext> context;
  static unsigned uses = 0;
  if (uses++ % 500 == 0)
    context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);

  Sources sources = sourcesWith(text);
  Diagnostics diagnostics(sources);
  auto [module, recipe] = elaborateModel(*context, sources, {"fuzz.skip", {}, {}, smallLimits()}, diagnostics);
  require(!recipe || module, "a recipe is that of a module");
  if (recipe)
    checkRecipe(*recipe);
  require(bool(module) != diagnostics.hasErrors(), "either a module or errors");
  if (module)
    require(mlir::succeeded(mlir::verify(*module)), "the module verifies");
  std::string shown;
  llvm::raw_string_ostream stream(shown);
  diagnostics.print(stream, /*colours=*/true);
  require(!shown.empty() || !diagnostics.hasErrors(), "errors are shown"); // and warnings, where there are none
}

static bool canonical(llvm::StringRef text, std::string &result) {
  Sources sources = sourcesWith(text);
  Diagnostics diagnostics(sources);
  llvm::raw_string_ostream stream(result);
  Limits limits = smallLimits();
  limits.fileBytes *= 64; // canonical text is longer, by parentheses and indentation
  limits.nesting *= 4;
  return printSyntax(sources, "fuzz.skip", diagnostics, stream, limits);
}

static void checkSyntax(llvm::StringRef text) {
  std::string first, second;
  if (!canonical(text, first))
    return;
  require(canonical(first, second), "canonical text parses");
  require(first == second, "canonical text is its own canonical form");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  checkBuild(text);
  checkSyntax(text);
  return 0;
}
