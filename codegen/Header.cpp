// Makes a model's header from the text of runtime/Runtime.h, with its name for the prefix and its inputs and outputs on top.
#include "codegen/Header.h"

#include "codegen/RuntimeObject.h"

#include "llvm/ADT/StringRef.h"

namespace skip::codegen {

static void replaceAll(std::string &text, llvm::StringRef from, llvm::StringRef to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string withPrefix(std::string text, const std::string &name) {
  replaceAll(text, "skipmodel_", name + "_");
  replaceAll(text, "SKIPMODEL_H", "SKIP_MODEL_" + name + "_H");
  return text;
}

/// ` *   input image: float [n][3][224][224]`
static std::string portLine(const char *kind, const Port &port) {
  std::string line;
  line.append(" *   ").append(kind).append(" ").append(port.name).append(": float [n]");
  for (size_t i = 1; i < port.dims.size(); ++i)
    line.append("[").append(std::to_string(port.dims[i])).append("]");
  return line + "\n";
}

static std::string introduction(const Image &image) {
  std::string text = "/* The model `" + image.name + "`, compiled by " + image.compiler + ". For a run of n images:\n";
  for (const Port &port : image.inputs)
    text += portLine("input", port);
  for (const Port &port : image.outputs)
    text += portLine("output", port);
  return text;
}

std::string headerText(const Image &image) {
  llvm::StringRef text = runtimeHeader();
  // Runtime.h opens with a sentence about emitted headers; the rest of its comment is for their readers.
  size_t newline = text.find('\n');
  return introduction(image) + withPrefix(text.substr(newline + 1).str(), image.name);
}

} // namespace skip::codegen
