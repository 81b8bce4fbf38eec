// Texts to specs.
#include "tests/unit/import/Imported.h"

#include "tests/unit/import/ModelText.h"
#include "tools/import/Reader.h"

using namespace skip;

llvm::Expected<onnx::Imported> test::import(const std::string &text) {
  llvm::Expected<onnx::Model> model =
      onnx::readModel(test::onnxFile(text), "net.onnx",
                      [](llvm::StringRef) -> llvm::Expected<onnx::ExternalFile> { return onnx::ExternalFile{}; });
  return model ? onnx::importModel(*model, "net") : model.takeError();
}

std::string test::specOf(const std::string &text) {
  llvm::Expected<onnx::Imported> imported = import("input image N 3 8 8\n" + text);
  if (!imported)
    return llvm::toString(imported.takeError());
  return imported->spec.substr(imported->spec.find("\n\n") + 2);
}

std::string test::conv(const std::string &x, const std::string &path, int outputs, int inputs, int kernel, int stride,
                       const std::string &y) {
  std::string pad = std::to_string((kernel - 1) / 2), k = std::to_string(kernel), s = std::to_string(stride);
  return "weight " + path + ".weight " + std::to_string(outputs) + " " + std::to_string(inputs) + " " + k + " " + k +
         "\nnode Conv " + x + " " + path + ".weight > " + y + " kernel_shape=" + k + "," + k + " strides=" + s + "," + s +
         " pads=" + pad + "," + pad + "," + pad + "," + pad + "\n";
}

std::string test::behind(const std::string &nodes, const std::string &end) {
  std::string spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + nodes + end), start = "stem: conv(4, 3)";
  size_t at = spec.find(start);
  return at == std::string::npos ? spec : spec.substr(at + start.size(), spec.find(" |> global_avg_pool") - at - start.size());
}

std::string test::lineBehind(const std::string &nodes) {
  std::string text = behind(nodes), line;
  for (llvm::StringRef rest = text; !rest.empty();) {
    auto [word, more] = rest.ltrim().split(' ');
    line += (line.empty() ? "" : " ") + word.trim().str();
    rest = more.trim();
  }
  return line;
}
