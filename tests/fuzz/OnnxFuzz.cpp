// The import of ONNX files on any bytes: an error that a terminal can show, or a spec that the front end takes and that asks
// for the checkpoint's tensors (importModel checks both), and a checkpoint that its reader takes. Then the spec computes what
// the file says, in double precision. Bytes of the wire format rarely stay right when they are changed, so an input that begins
// with `opset` is a text of which a file is made (tests/unit/import/ModelText.h).
#include "frontend/Frontend.h"
#include "ir/graph/Graph.h"
#include "ir/reference/Interpreter.h"
#include "runtime/Element.h"
#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "support/Printable.h"
#include "tests/fuzz/Require.h"
#include "tests/unit/import/ModelText.h"
#include "tools/import/Constant.h"
#include "tools/import/Evaluate.h"
#include "tools/import/Import.h"
#include "tools/import/Reader.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/weights/Random.h"

#include "mlir/IR/MLIRContext.h"

#include <cmath>

using namespace skip;
using reference::Tensor;
using skip::fuzz::require;

/// An error of the user's, which can be shown.
static void checkError(llvm::Error error) {
  llvm::handleAllErrors(std::move(error), [](const tool::Failure &failure) {
    require(failure.exit == tool::Exit::badInput, "an error of the file's", failure.text);
    require(!failure.text.empty() && failure.text == printableLines(failure.text), "an error can be shown", failure.text);
  });
}

static reference::Parameters readParameters(const onnx::Imported &imported) {
  runtime::Safetensors tensors;
  require(tensors.parse(imported.safetensors.data(), imported.safetensors.size(), "imported") == SKIP_OK,
          "the checkpoint is sound", runtime::lastErrorText());
  require(tensors.count() == imported.tensors, "the checkpoint has its tensors", imported.spec);
  reference::Parameters parameters;
  for (size_t i = 0; i < tensors.count(); ++i) {
    const runtime::FileTensor &from = tensors[i];
    Tensor &to = parameters[from.name] = Tensor(std::vector<int64_t>(from.dims, from.dims + from.rank));
    for (int64_t k = 0; k < from.elements; ++k)
      to.data[k] = from.type == runtime::ElementType::F32   ? runtime::ElementF32::read(from.data + 4 * k)
                   : from.type == runtime::ElementType::F16 ? runtime::ElementF16::read(from.data + 2 * k)
                                                            : runtime::ElementBF16::read(from.data + 2 * k);
  }
  return parameters;
}

/// Images of the model's sizes, unless they are large.
static std::optional<std::vector<Tensor>> smallImages(const onnx::Model &model) {
  constexpr int64_t most = 2048;
  std::vector<Tensor> images;
  for (const onnx::Port &port : model.inputs) {
    std::vector<int64_t> dims;
    for (const std::optional<int64_t> &dim : port.dims)
      dims.push_back(dim.value_or(1));
    if (std::optional<int64_t> count = onnx::countElements(dims); !count || *count > most)
      return std::nullopt;
    tool::Random random(images.size() + 1, "images");
    for (double &value : images.emplace_back(dims).data)
      value = random.uniform(-1, 1);
  }
  return images;
}

/// What is no number on one side may be another on the other, as sums overflow in another order.
static void checkSame(const Tensor &found, const Tensor &expected, const std::string &spec) {
  require(found.data.size() == expected.data.size(), "an output of one size", spec);
  double largest = 0, worst = 0;
  for (size_t i = 0; i < found.data.size(); ++i) {
    if (!(std::abs(found.data[i]) < 1e30 && std::abs(expected.data[i]) < 1e30))
      return;
    largest = std::max(largest, std::abs(expected.data[i]));
    worst = std::max(worst, std::abs(found.data[i] - expected.data[i]));
  }
  require(worst <= 1e-5 * largest + 1e-30, "the spec computes what the file says",
          spec + std::to_string(worst) + " of " + std::to_string(largest));
}

static void checkValues(const onnx::Model &model, const onnx::Imported &imported) {
  constexpr int64_t mostElements = 1 << 18; // whatever paddings ask for
  reference::Parameters parameters = readParameters(imported);
  std::optional<std::vector<Tensor>> images = smallImages(model);
  if (!images)
    return;
  llvm::Expected<std::vector<Tensor>> expected = onnx::evaluateModel(model, *images, mostElements);
  if (!expected) // it is stricter, of nodes that no output needs, say
    return checkError(expected.takeError());
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  frontend::Sources sources;
  sources.forbidDisk();
  sources.addText("imported.skip", imported.spec);
  frontend::Diagnostics diagnostics(sources);
  mlir::OwningOpRef<mlir::ModuleOp> module = frontend::buildGraph(context, sources, {"imported.skip", {}, {}, {}}, diagnostics);
  require(bool(module), "the spec is one", imported.spec);
  std::optional<std::vector<Tensor>> found =
      reference::interpret(tool::modelOf(*module), *images, parameters, [](llvm::StringRef, const Tensor &) {});
  require(found && found->size() == expected->size(), "the reference computes the spec", imported.spec);
  for (size_t i = 0; i < found->size(); ++i)
    checkSame((*found)[i], (*expected)[i], imported.spec);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef input(reinterpret_cast<const char *>(data), size);
  std::string file = input.starts_with("opset") ? test::onnxFile(input) : input.str();
  static const std::string beside(4096, '\x3c');
  llvm::Expected<onnx::Model> model =
      onnx::readModel(file, "fuzz.onnx", [](llvm::StringRef) -> llvm::Expected<onnx::ExternalFile> {
        return onnx::ExternalFile{nullptr, beside};
      });
  if (!model)
    return checkError(model.takeError()), 0;
  llvm::Expected<onnx::Imported> imported = onnx::importModel(*model, "fuzz");
  if (!imported)
    return checkError(imported.takeError()), 0;
  require(imported->spec == printableLines(imported->spec), "the spec can be shown", imported->spec);
  checkValues(*model, *imported);
  return 0;
}
