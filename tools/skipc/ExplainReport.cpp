// Times are printed in microseconds.
#include "tools/skipc/ExplainReport.h"

#include "support/Printable.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"
#include "tools/text/Wrap.h"

#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace skip;
using tool::ExplainedVariant;

static constexpr bool onlyWide = true, wraps = true;

static std::string microseconds(double seconds) { return seconds == tool::noWay ? "-" : tool::fixed(seconds * 1e6, 0); }

static void printBlocks(const ExplainedVariant &variant, size_t width) {
  if (variant.blocks.empty())
    return;
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"block"},
                     {"images", right, onlyWide},
                     {"between steps KB", right},
                     {"moving us", right},
                     {"multiplying us", right},
                     {"not hidden us", right, onlyWide},
                     {"repeated us", right, onlyWide},
                     {"saved by images us", right, onlyWide},
                     {"depth-first by rows", tool::Table::Align::left, false, wraps}});
  for (const tool::BlockAccount &b : variant.blocks)
    table.add({b.block, std::to_string(b.images), tool::fixed(b.bands.innerBytes / 1024, 0),
               microseconds(b.bands.movingSeconds), microseconds(b.multiplyingSeconds), microseconds(b.bands.exposedSeconds),
               microseconds(b.bands.repeatedSeconds), microseconds(b.savedByImages), b.why});
  llvm::outs() << "\n";
  table.print(llvm::outs(), width);
}

static double secondsOfBatch(const tool::StepAccount &step, int64_t batch) {
  return step.seconds() * static_cast<double>(batch) / static_cast<double>(step.images);
}

/// Whose measurements `measured` means: of one machine, or of several each with its steps.
static void printMachines(const ExplainedVariant &variant) {
  constexpr size_t widthOfText = 100;
  std::map<std::string, std::vector<std::string>> steps;
  for (const tool::StepAccount &a : variant.steps)
    if (!a.measuredOn.empty())
      steps[a.measuredOn].push_back(a.layer);
  if (!steps.empty())
    llvm::outs() << "\n";
  for (const auto &[machine, layers] : steps) {
    std::string text = "measured on " + printable(machine);
    if (steps.size() > 1)
      text += ": " + printable(llvm::join(layers, ", "));
    llvm::outs() << tool::wrapped(text, widthOfText) << "\n";
  }
}

void tool::printExplained(const ExplainedVariant &variant, size_t width) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"step"},
                     {"operations"},
                     {"images", right},
                     {"epilogue saves KB", right, onlyWide},
                     {"saves us", right, onlyWide},
                     {"direct us", right, onlyWide},
                     {"Winograd us", right, onlyWide},
                     {"fused us", right, onlyWide},
                     {"Strassen us", right, onlyWide},
                     {"us", right},
                     {"share", right},
                     {"taken"},
                     {"error bound", right, onlyWide},
                     {"of terms", right, onlyWide},
                     {"at most", right, onlyWide},
                     {"measured on", tool::Table::Align::left, onlyWide},
                     {"why", tool::Table::Align::left, false, wraps}});
  std::string block;
  double all = 0; // of the batch
  for (const tool::StepAccount &a : variant.steps)
    all += secondsOfBatch(a, variant.batch);
  for (const tool::StepAccount &a : variant.steps) {
    bool goesOn = tool::isInBlock(a.step, block) || a.step == block;
    if (!goesOn && !block.empty())
      table.add(std::vector<std::string>(17));
    if (!goesOn)
      block = tool::blockOf(a.step).empty() ? a.step : tool::blockOf(a.step);
    table.add({a.layer, a.operations, std::to_string(a.images), a.savedBytes > 0 ? tool::fixed(a.savedBytes / 1024, 0) : "-",
               a.savedBytes > 0 ? microseconds(a.savedSeconds) : "-", microseconds(a.direct), microseconds(a.separate),
               microseconds(a.fused), microseconds(a.strassen), microseconds(a.seconds()),
               tool::fixed(100 * secondsOfBatch(a, variant.batch) / all, 1) + " %", a.taken, tool::scientific(a.errorBound),
               tool::scientific(a.elementBound), tool::scientific(a.elementAtMost), a.measuredOn, a.why});
  }
  llvm::outs() << "batch " << variant.batch << "; times as predicted, of one core at 3 GHz, for so many images at a time\n\n";
  table.print(llvm::outs(), width);
  printMachines(variant);
  printBlocks(variant, width);
}

static void writeBlock(llvm::json::OStream &json, const tool::BlockAccount &block) {
  json.object([&] {
    json.attribute("name", block.block);
    json.attribute("images", block.images);
    json.attribute("inner_bytes", block.bands.innerBytes);
    json.attribute("moving_us", block.bands.movingSeconds * 1e6);
    json.attribute("multiplying_us", block.multiplyingSeconds * 1e6);
    json.attribute("exposed_us", block.bands.exposedSeconds * 1e6);
    json.attribute("band_rows", block.bands.bandRows);
    json.attribute("repeated_us", block.bands.repeatedSeconds * 1e6);
    json.attribute("saved_by_images_us", block.savedByImages * 1e6);
    json.attribute("depth_first", block.why);
  });
}

static void writeStep(llvm::json::OStream &json, const tool::StepAccount &a) {
  auto time = [&](llvm::StringRef key, double seconds) {
    if (seconds != tool::noWay)
      json.attribute(key, seconds * 1e6);
  };
  json.object([&] {
    json.attribute("name", a.step);
    json.attribute("layer", a.layer);
    json.attribute("operations", a.operations);
    json.attribute("images", a.images);
    json.attribute("epilogue_saves_bytes", a.savedBytes);
    time("epilogue_saves_us", a.savedSeconds);
    time("direct_us", a.direct);
    time("winograd_us", a.separate);
    time("fused_us", a.fused);
    time("strassen_us", a.strassen);
    time("us", a.seconds());
    json.attribute("taken", a.taken);
    json.attribute("error_bound", a.errorBound);
    json.attribute("element_error_bound", a.elementBound);
    json.attribute("element_error_at_most", a.elementAtMost);
    if (!a.measuredOn.empty())
      tool::addText(json, "measured_on", a.measuredOn);
    json.attribute("why", a.why);
  });
}

void tool::printExplainedJson(llvm::StringRef model, const std::vector<ExplainedVariant> &variants, JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("model", model);
    json.attributeArray("variants", [&] {
      for (const ExplainedVariant &variant : variants)
        json.object([&] {
          json.attribute("batch", variant.batch);
          json.attributeArray("steps", [&] {
            for (const tool::StepAccount &account : variant.steps)
              writeStep(json, account);
          });
          json.attributeArray("blocks", [&] {
            for (const tool::BlockAccount &block : variant.blocks)
              writeBlock(json, block);
          });
        });
    });
  });
}
