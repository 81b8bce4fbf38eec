// `skipc import`: from an ONNX file to a spec and a checkpoint.
#include "tools/import/Import.h"

#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "tools/import/Identifier.h"
#include "tools/import/Reader.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/ImportCheck.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/ShellWord.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

using namespace skip;
using tool::Options;
using tool::shellWord;

namespace {
struct Written {
  std::string spec, weights; ///< paths
};
} // namespace

static std::string nameFor(const Options &options) {
  if (!options.name.empty())
    return options.name;
  std::string name = onnx::identifierOf(llvm::sys::path::stem(options.onnx), "imported");
  return onnx::isModelName(name) ? name : "imported";
}

/// Both files appear, or none.
static llvm::Expected<Written> writeFiles(const Options &options, const onnx::Imported &imported) {
  namespace fs = llvm::sys::fs;
  std::string folder = options.output.empty() ? "." : options.output, error;
  if (std::error_code code = fs::create_directories(folder))
    return tool::badInput("cannot make the folder `" + folder + "`: " + code.message());
  llvm::SmallString<128> base(folder);
  llvm::sys::path::append(base, imported.name);
  Written written{(base + ".skip").str(), (base + ".safetensors").str()};
  AtomicFile spec, weights;
  auto write = [&](AtomicFile &file, const std::string &path, const std::string &bytes) {
    return file.open(path, error) && file.write(bytes.data(), bytes.size(), error) && file.flush(error);
  };
  if (!write(spec, written.spec, imported.spec) || !write(weights, written.weights, imported.safetensors) ||
      !weights.rename(error) || !spec.rename(error))
    return tool::badInput(error);
  return written;
}

static void printText(const Options &options, const onnx::Imported &imported, const Written &written) {
  llvm::outs() << printable(written.spec) << ": model " << imported.name << ", " << imported.blocks
               << (imported.blocks == 1 ? " block" : " blocks") << "\n"
               << printable(written.weights) << ": " << tool::withSeparators(static_cast<int64_t>(imported.tensors))
               << (imported.tensors == 1 ? " tensor, " : " tensors, ") << tool::withSeparators(imported.elements)
               << (imported.elements == 1 ? " number\n" : " numbers\n") << "build it: skipc build "
               << printable(shellWord(written.spec)) << " --weights " << printable(shellWord(written.weights)) << " -o "
               << printable(shellWord(options.output.empty() ? "." : options.output)) << "\n";
}

static void printCheck(const tool::ImportCheck &check) {
  auto line = [](llvm::StringRef what, const tool::Difference &difference) {
    llvm::outs() << what << ": " << llvm::format("%.2g", difference.found) << " of the largest value, at most "
                 << llvm::format("%.2g", difference.allowed) << (difference.isAllowed() ? "\n" : "  NOT ALLOWED\n");
  };
  line("the spec against the ONNX file, in double precision", check.spec);
  line("the compiled model against the ONNX file", check.compiled);
}

static void printJson(const onnx::Imported &imported, const Written &written, const std::optional<tool::ImportCheck> &check,
                      tool::JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("model", imported.name);
    tool::addText(json, "spec", written.spec);
    tool::addText(json, "weights", written.weights);
    json.attribute("block_count", static_cast<int64_t>(imported.blocks));
    json.attribute("tensor_count", static_cast<int64_t>(imported.tensors));
    json.attribute("element_count", imported.elements);
    if (!check)
      return;
    for (auto [name, difference] : {std::pair("spec_check", check->spec), std::pair("compiled_check", check->compiled)})
      json.attributeObject(name, [&, difference = difference] {
        tool::addNumber(json, "relative_error", difference.found);
        json.attribute("error_bound", difference.allowed);
      });
  });
}

llvm::Error tool::importOnnx(const Options &options) {
  llvm::Expected<onnx::Model> model = onnx::readModelFile(options.onnx);
  if (!model)
    return model.takeError();
  llvm::Expected<onnx::Imported> imported = onnx::importModel(*model, nameFor(options));
  if (!imported)
    return imported.takeError();
  for (const std::string &text : imported->notes)
    note("`" + printable(options.onnx) + "`: " + text);
  llvm::Expected<Written> written = writeFiles(options, *imported);
  if (!written)
    return written.takeError();
  if (!options.json)
    printText(options, *imported, *written);
  std::optional<ImportCheck> check;
  if (options.check) {
    if (llvm::Error error = checkImport(options, *model, written->spec, written->weights).moveInto(check))
      return error;
    if (!options.json)
      printCheck(*check);
  }
  if (options.json)
    printJson(*imported, *written, check, *options.reply);
  if (check && !(check->spec.isAllowed() && check->compiled.isAllowed()))
    return checkFailed("what was imported does not compute what `" + options.onnx + "` does");
  return llvm::Error::success();
}
