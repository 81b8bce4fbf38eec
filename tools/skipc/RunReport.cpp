// Classes by their probabilities.
#include "tools/skipc/RunReport.h"

#include "support/Printable.h"
#include "tools/running/Ranking.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"

using namespace skip;
using tool::Options;
using tool::RunResult;

static std::string nameOf(llvm::ArrayRef<std::string> names, int64_t index) {
  return index < static_cast<int64_t>(names.size()) ? names[index] : "class " + std::to_string(index);
}

static std::vector<tool::Ranked> bestOf(const Options &options, const RunResult &result, size_t picture) {
  auto classes = static_cast<size_t>(result.classes->elements());
  return tool::rank(result.scores.slice(picture * classes, classes), options.top, result.classes->probabilities);
}

static void printText(const Options &options, const RunResult &result) {
  constexpr auto right = tool::Table::Align::right;
  for (size_t i = 0; i < result.pictures.size(); ++i) {
    llvm::outs() << printable(result.pictures[i]) << "\n";
    tool::Table table({{"class", right}, {"probability", right}, {"name"}});
    for (tool::Ranked ranked : bestOf(options, result, i))
      table.add({std::to_string(ranked.index), tool::fixed(100 * ranked.probability, 2) + " %",
                 nameOf(result.classNames, ranked.index)});
    table.print(llvm::outs());
    llvm::outs() << "\n";
  }
}

static void writePicture(llvm::json::OStream &json, const Options &options, const RunResult &result, size_t picture) {
  tool::addText(json, "picture", result.pictures[picture]);
  json.attributeArray("top", [&] {
    for (tool::Ranked ranked : bestOf(options, result, picture))
      json.object([&] {
        json.attribute("class", ranked.index);
        tool::addText(json, "name", nameOf(result.classNames, ranked.index));
        json.attribute("probability", ranked.probability);
      });
  });
}

static void printJson(const Options &options, const RunResult &result) {
  options.reply->add([&](llvm::json::OStream &json) {
    json.attribute("images", static_cast<int64_t>(result.pictures.size()));
    json.attribute("isa", result.isa);
    if (!result.classes)
      return;
    json.attributeArray("results", [&] {
      for (size_t i = 0; i < result.pictures.size(); ++i)
        json.object([&] { writePicture(json, options, result, i); });
    });
  });
}

void tool::reportRun(const Options &options, const RunResult &result) {
  if (options.json)
    printJson(options, result);
  else if (options.outputs.empty())
    printText(options, result);
}
