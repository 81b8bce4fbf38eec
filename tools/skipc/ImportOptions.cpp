// What `skipc import --help` says.
#include "tools/skipc/ImportOptions.h"

#include "tools/import/Identifier.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/OptionGroups.h"

using namespace skip;
using namespace skip::tool::flags;
using tool::Options;

static void setModelName(Options &o, const std::string &text) {
  if (!onnx::isModelName(text))
    throw CLI::ValidationError("--name", "`" + text +
                                             "` cannot be a model's name: letters, digits and `_`, no digit first, and no "
                                             "keyword or operation of the language");
  o.name = text;
}

void tool::addImport(CLI::App &app, Options &o) {
  CLI::App &import = addCommand(
      app, o, "import", tool::importOnnx, "make a spec and a checkpoint of an ONNX file",
      "  skipc import resnet18.onnx -o out && skipc build out/resnet18.skip --weights out/resnet18.safetensors -o out\n"
      "  skipc import resnet18.onnx -o out --name mine --check\n"
      "\n"
      "Writes NAME.skip, with blocks and repeats found again, and NAME.safetensors, whose tensors have the names that they\n"
      "have in the file. Read are networks of opsets 11 to 20 on images, whose batch may be left open, with one or more\n"
      "inputs and outputs; what Skip cannot say is an error that names the node (docs/import.md).");
  import.add_option("MODEL", o.onnx, "an ONNX file; weights may lie in files beside it")->required()->type_name("FILE.onnx");
  import.add_option("-o,--output", o.output, "the folder to write into (default: this one)")->type_name("DIR");
  import
      .add_option_function<std::string>(
          "--name", [&o](const std::string &text) { setModelName(o, text); },
          "the model's name, and that of both files (default: the file's)")
      ->type_name("NAME");
  import.add_flag("--check", o.check,
                  "run what was written on random images, and compare it with what the file's own operations give in double "
                  "precision");
  addSeed(import, o, "of the images of --check (default: 1)");
  addThreads(import, o);
  addJson(import, o);
}
