// `skipc summary`: the layer table, and how the model is trained.
#include "frontend/RecipeSettings.h"
#include "tools/compile/Compile.h"
#include "tools/skipc/Commands.h"
#include "tools/text/Json.h"
#include "tools/text/Layers.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"

using namespace skip;
using tool::Layer;
using tool::Layers;

using Recipe = std::optional<frontend::Recipe>;

static void printJson(const Layers &layers, llvm::StringRef model, const Recipe &recipe, tool::JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("model", model);
    json.attribute("parameters", layers.parameters);
    json.attribute("multiply_adds", layers.multiplyAdds);
    json.attributeArray("layers", [&] {
      for (const Layer &layer : layers.list)
        json.object([&] {
          json.attribute("name", layer.name);
          json.attribute("operation", layer.op);
          json.attributeArray("shape", [&] {
            for (int64_t dim : llvm::ArrayRef(layer.shape).drop_front())
              json.value(dim);
          });
          json.attribute("parameters", layer.parameters);
          json.attribute("multiply_adds", layer.multiplyAdds);
        });
    });
    if (!recipe)
      return;
    json.attributeBegin("training");
    json.rawValue(frontend::recipeJson(*recipe));
    json.attributeEnd();
  });
}

static std::string blankIfZero(int64_t count) { return count == 0 ? "" : tool::withSeparators(count); }

static void printTable(const Layers &layers, size_t width) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"layer"}, {"operation"}, {"output"}, {"parameters", right}, {"multiply-adds", right}});
  for (const Layer &layer : layers.list)
    table.add(
        {layer.name, layer.op, tool::sizeText(layer.shape), blankIfZero(layer.parameters), blankIfZero(layer.multiplyAdds)});
  table.add({"total", "", "", tool::withSeparators(layers.parameters), tool::withSeparators(layers.multiplyAdds)});
  table.print(llvm::outs(), width);
}

llvm::Error tool::summary(const Options &options) {
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  mlir::func::FuncOp model = modelOf(compilation.module());
  Layers layers = listLayers(model);
  const Recipe &recipe = compilation.recipe();
  if (options.json)
    printJson(layers, model.getName(), recipe, *options.reply);
  else
    printTable(layers, widthOfTables(options));
  if (recipe && !options.json)
    llvm::outs() << "\n" << frontend::recipeText(*recipe);
  return llvm::Error::success();
}
