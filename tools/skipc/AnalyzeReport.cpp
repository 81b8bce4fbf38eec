// Each model has a colour of its own, and from the ninth on dashes.
#include "tools/skipc/AnalyzeReport.h"

#include "support/Printable.h"
#include "tools/text/Chart.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using tool::AnalyzedLayer;
using tool::AnalyzedModel;

static void printTable(const AnalyzedModel &model) {
  llvm::outs() << printable(model.title) << ", " << printable(model.weights) << ", " << model.images
               << (model.images == 1 ? " picture\n" : " pictures\n");
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"layer"}, {"name"}, {"std", right}});
  for (auto [index, layer] : llvm::enumerate(model.layers))
    table.add({std::to_string(index + 1), layer.name, tool::fixed(layer.deviation, 4)});
  table.print(llvm::outs());
}

static void printJson(llvm::ArrayRef<AnalyzedModel> models, tool::JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attributeArray("models", [&] {
      for (const AnalyzedModel &model : models)
        json.object([&] {
          tool::addText(json, "model", model.title);
          tool::addText(json, "weights", model.weights);
          json.attribute("images", model.images);
          json.attributeArray("responses", [&] {
            for (const AnalyzedLayer &layer : model.layers)
              json.object([&] {
                tool::addText(json, "layer", layer.name);
                json.attribute("std", layer.deviation);
              });
          });
        });
    });
  });
}

void tool::printResponses(llvm::ArrayRef<AnalyzedModel> models, const Options &options) {
  if (options.json)
    return printJson(models, *options.reply);
  for (auto [index, model] : llvm::enumerate(models)) {
    if (index > 0)
      llvm::outs() << "\n";
    printTable(model);
  }
}

static std::string styleOf(size_t index) {
  constexpr const char *colours[] = {"#c00", "#06c", "#080", "#e80", "#808", "#088", "#884", "#444"};
  return std::string("stroke=\"") + colours[index % std::size(colours)] + "\" stroke-width=\"1.5\"" +
         (index < std::size(colours) ? "" : " stroke-dasharray=\"5 3\"");
}

static tool::ChartLine lineOf(const AnalyzedModel &model, size_t index, bool sorted) {
  std::vector<double> deviations;
  for (const AnalyzedLayer &layer : model.layers)
    deviations.push_back(layer.deviation);
  if (sorted)
    std::sort(deviations.begin(), deviations.end(), std::greater<>());
  tool::ChartLine line{model.title, styleOf(index), {}};
  for (auto [place, deviation] : llvm::enumerate(deviations))
    line.points.push_back({static_cast<double>(place + 1), deviation});
  return line;
}

std::string tool::responsesSvg(llvm::ArrayRef<AnalyzedModel> models) {
  double length = 1, most = 0;
  for (const AnalyzedModel &model : models) {
    length = std::max(length, static_cast<double>(model.layers.size()));
    for (const AnalyzedLayer &layer : model.layers)
      most = std::max(most, layer.deviation);
  }
  double distance = markDistance(most > 0 ? most : 1);
  most = distance * std::max(1.0, std::ceil(most / distance));
  Chart byOrder{"responses of 3x3 layers", "layer", "std", length, most, distance, {}};
  Chart byMagnitude{"from the largest to the least", "layer, sorted by magnitude", "std", length, most, distance, {}};
  for (auto [index, model] : llvm::enumerate(models)) {
    byOrder.lines.push_back(lineOf(model, index, false));
    byMagnitude.lines.push_back(lineOf(model, index, true));
  }
  return chartSvg({byOrder, byMagnitude});
}
