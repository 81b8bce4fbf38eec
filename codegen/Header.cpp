// Makes a model's header from the text of runtime/Runtime.h, with its name for the prefix and its inputs and outputs on top.
#include "codegen/Header.h"

#include "codegen/Constants.h"
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
  replaceAll(text, "SKIPMODEL_TRAINING_H", "SKIP_MODEL_" + name + "_TRAINING_H");
  return text;
}

/// ` *   input image: float [n][3][224][224]`
static std::string portLine(const char *kind, const Port &port) {
  std::string line;
  line.append(" *   ").append(kind).append(" ").append(port.name);
  line.append(port.element == SKIP_PORT_I32 ? ": int32_t [n]" : ": float [n]");
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

/// The headers open with a sentence about emitted ones; the rest of their comments is for readers of these.
static llvm::StringRef withoutFirstLine(llvm::StringRef text) { return text.substr(text.find('\n') + 1); }

/// The recipe as lines of a comment, which none of its texts can end.
static std::string commented(std::string recipe) {
  replaceAll(recipe, "*/", "* /");
  replaceAll(recipe, "/*", "/ *");
  replaceAll(recipe, "\n", "\n *   ");
  return " *   " + recipe + "\n";
}

static std::string trainingText(const std::string &name, const TrainingImage &training) {
  std::string text = "\n/* Training. The inputs of a group of n images:\n";
  for (const Port &port : training.model.inputs)
    text += portLine("input", port);
  if (!training.recipe.empty())
    text += " * The spec's recipe, of which the trainer is told momentum and decay by trainer_set_number:\n" +
            commented(llvm::StringRef(training.recipe).rtrim('\n').str());
  std::string calls = withoutFirstLine(trainingHeader()).str();
  replaceAll(calls, "#include \"runtime/Runtime.h\"\n\n", "");
  return text + withPrefix(calls, name);
}

std::string headerText(const Image &image, const TrainingImage *training) {
  std::string text = introduction(image) + withPrefix(withoutFirstLine(runtimeHeader()).str(), image.name);
  std::string guard = "#define SKIP_MODEL_" + image.name + "_H\n";
  text.insert(text.find(guard) + guard.size(), macrosText(image));
  return training ? text + trainingText(image.name, *training) : text;
}

std::string cppHeaderText(const Image &image) {
  std::string text = cppHeader().str();
  replaceAll(text, "skipmodel", image.name);
  replaceAll(text, "/* constants */\n", constantsText(image));
  return text;
}

} // namespace skip::codegen
