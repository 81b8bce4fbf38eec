// --also has the words that SPEC would have on a command line of its own.
#include "tools/skipc/AnalyzeOptions.h"

#include "tools/compile/Targets.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/OptionGroups.h"
#include "tools/text/Failure.h"

using namespace skip;
using namespace skip::tool::flags;
using tool::Options;

void tool::addAnalyze(CLI::App &app, Options &o) {
  CLI::App &analyze = addCommand(
      app, o, "analyze", tool::analyze, "show how strongly a network's layers respond to pictures",
      "  skipc analyze cifar_resnet --weights resnet20.safetensors --data cifar-10-batches-bin --responses\n"
      "  skipc analyze cifar_resnet -D depth=56 --weights resnet56.safetensors --data cifar-10-batches-bin \\\n"
      "      --responses --also 'cifar_plain -D depth=56 --weights plain56.safetensors' -o responses.svg\n"
      "\n"
      "A response is what comes of a convolution of 3x3 and its batch norm, before relu or addition, in inference; `std`\n"
      "is the standard deviation of all its values over all pictures. The picture of -o has all models, as figure 7 of\n"
      "the paper: above in the order of the layers, below sorted.");
  addSpec(analyze, o);
  addWeights(analyze, o)->required();
  analyze.add_option("--data", o.data, "a folder with CIFAR-10's test_batch.bin, or with pictures and labels.tsv")
      ->required()
      ->type_name("DIR");
  analyze.add_flag("--responses", o.responses, "standard deviations of the responses of all layers of 3x3");
  repeatable(analyze.add_option("--also", o.also, "another model with its weights"))->type_name("'SPEC --weights FILE ...'");
  addWhole(analyze, "--images", o.images, {1, uint64_t(1) << 40}, "so many of the pictures, the first ones (default: all)");
  analyze.add_option("-o,--output", o.output, "write the picture there")->type_name("FILE.svg");
  addPictures(analyze, o);
  addThreads(analyze, o);
  addCompile(analyze, o);
  addRule(analyze, tool::bodyRule);
}

static llvm::Expected<Options> parseAlso(const Options &options, const std::string &text) {
  Options model = options;
  model.defines.clear();
  model.model.clear();
  model.weights.clear();
  CLI::App app;
  app.set_help_flag();
  addSpec(app, model);
  addWeights(app, model)->required();
  try {
    app.parse(text);
    return model;
  } catch (const CLI::ParseError &error) {
    return tool::badInput("--also `" + text + "`: " + error.what() + "; expected SPEC [-D NAME=VALUE]... --weights FILE");
  }
}

llvm::Expected<std::vector<Options>> tool::analyzedModels(const Options &options) {
  std::vector<Options> models = {options};
  for (const std::string &text : options.also) {
    llvm::Expected<Options> model = parseAlso(options, text);
    if (!model)
      return model.takeError();
    models.push_back(std::move(*model));
  }
  return models;
}
