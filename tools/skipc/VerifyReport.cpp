// What `skipc verify` prints, as text and as JSON, and what it calls a failure.
#include "tools/skipc/VerifyReport.h"

#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"

#include "llvm/ADT/StringExtras.h"

using namespace skip;
using tool::Findings;
using tool::OutputError;
using tool::StepError;

static void writeWorstElement(llvm::json::OStream &json, llvm::ArrayRef<StepError> errors) {
  const StepError &worst = tool::worstElementOf(errors);
  tool::addNumber(json, "worst_element_error", worst.elementError);
  json.attribute("worst_element_step", worst.step);
  json.attribute("worst_element_error_bound", worst.elementBound);
}

static std::vector<StepError> errorsOf(llvm::ArrayRef<StepError> errors, llvm::StringRef body) {
  std::vector<StepError> own;
  llvm::copy_if(errors, std::back_inserter(own), [&](const StepError &error) { return error.isa == body; });
  return own;
}

static void writeOutput(llvm::json::OStream &json, const OutputError &error) {
  json.attribute("name", error.name);
  json.attribute("isa", error.isa);
  json.attribute("batch", error.batch);
  tool::addNumber(json, "relative_error", error.error);
  json.attribute("error_bound", error.bound);
}

static void writeBody(llvm::json::OStream &json, llvm::StringRef body, llvm::ArrayRef<StepError> errors) {
  const std::vector<StepError> own = errorsOf(errors, body);
  const StepError &worst = tool::worstOf(own);
  json.attribute("isa", body);
  tool::addNumber(json, "worst_relative_error", worst.error);
  json.attribute("worst_step", worst.step);
  json.attribute("worst_error_bound", worst.bound);
  writeWorstElement(json, own);
}

static void writeStep(llvm::json::OStream &json, const StepError &error) {
  json.attribute("name", error.step);
  json.attribute("isa", error.isa);
  json.attribute("batch", error.batch);
  tool::addNumber(json, "relative_error", error.error);
  json.attribute("error_bound", error.bound);
  tool::addNumber(json, "element_error", error.elementError);
  json.attribute("element_error_bound", error.elementBound);
  json.attribute("element_error_at_most", error.elementAtMost);
}

static void printJson(const Findings &findings, llvm::ArrayRef<std::string> built, double seconds, tool::JsonReply &reply) {
  llvm::ArrayRef<StepError> errors = findings.errors;
  const StepError &worst = tool::worstOf(errors);
  reply.add([&](llvm::json::OStream &json) {
    tool::addNumber(json, "worst_relative_error", worst.error);
    json.attribute("worst_step", worst.step);
    json.attribute("worst_error_bound", worst.bound);
    json.attribute("step_count", static_cast<int64_t>(errors.size() / built.size()));
    writeWorstElement(json, errors);
    json.attribute("seconds", seconds);
    auto list = [&](llvm::StringRef key, const auto &elements, auto write) {
      json.attributeArray(key, [&] {
        for (const auto &element : elements)
          json.object([&] { write(element); });
      });
    };
    list("outputs", findings.outputs, [&](const OutputError &error) { writeOutput(json, error); });
    json.attributeArray("faults", [&] { llvm::for_each(findings.faults, [&](const auto &fault) { json.value(fault); }); });
    list("bodies", built, [&](const std::string &body) { writeBody(json, body, errors); });
    list("steps", errors, [&](const StepError &error) { writeStep(json, error); });
  });
}

static void printOutputs(llvm::ArrayRef<OutputError> outputs) {
  if (outputs.empty())
    llvm::outs() << "outputs: not computed from the inputs on, the network is large\n";
  for (const OutputError &error : outputs)
    llvm::outs() << error.name << ": off by " << tool::scientific(error.error) << " of " << tool::scientific(error.bound)
                 << " allowed (" << error.isa << ", batch " << error.batch << ")\n";
}

/// The worst steps of each body, by either measure.
static void printSteps(llvm::ArrayRef<StepError> errors, llvm::ArrayRef<std::string> built, bool isDrawn, size_t width) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"body"},
                     {"steps", right},
                     {"measured by"},
                     {"worst error", right},
                     {isDrawn ? "allowed" : "of unlike terms", right},
                     {"at"},
                     {"batch", right}});
  for (const std::string &body : built) {
    const std::vector<StepError> own = errorsOf(errors, body);
    const std::string steps = std::to_string(own.size());
    const StepError &worst = tool::worstOf(own), &element = tool::worstElementOf(own);
    table.add({body, steps, "the largest value", tool::scientific(worst.error), tool::scientific(worst.bound), worst.step,
               std::to_string(worst.batch)});
    table.add({body, steps, "an element's terms", tool::scientific(element.elementError),
               tool::scientific(element.elementBound), element.step, std::to_string(element.batch)});
  }
  table.print(llvm::outs(), width);
}

static void printText(const Findings &findings, llvm::ArrayRef<std::string> built, bool isDrawn, double seconds, size_t width) {
  printSteps(findings.errors, built, isDrawn, width);
  printOutputs(findings.outputs);
  llvm::outs() << tool::fixed(seconds, 1) << " s\n";
}

static llvm::Error judgeRuns(llvm::ArrayRef<std::string> faults) {
  if (faults.empty())
    return llvm::Error::success();
  return tool::checkFailed("runs give no numbers, depend on memory that they should not, or damage it:\n  " +
                           llvm::join(faults, "\n  "));
}

static llvm::Error judgeOutputs(llvm::ArrayRef<OutputError> outputs) {
  std::string list;
  for (const OutputError &error : outputs)
    if (!error.isWithin())
      list += "\n  " + error.name + ": " + tool::scientific(error.error) + " of " + tool::scientific(error.bound) +
              " allowed (" + error.isa + ", batch " + std::to_string(error.batch) + ")";
  return list.empty() ? llvm::Error::success()
                      : tool::checkFailed("outputs are off by more than is allowed of the largest value:" + list);
}

/// Weights that are drawn have unlike terms, and a step is held to what these lose; those of a checkpoint may all be one
/// number, and a step is held to what is possible.
static llvm::Error judge(llvm::ArrayRef<StepError> errors, bool isDrawn) {
  std::string list;
  size_t above = 0, unusual = 0;
  for (const StepError &error : errors) {
    unusual += !error.isWithin() && error.isPossible();
    bool isFine = error.isPossible() && (error.isWithin() || !isDrawn);
    if (!isFine && ++above <= 10)
      list += "\n  `" + error.step + "`: " + tool::scientific(error.error) + " of " + tool::scientific(error.bound) +
              " allowed of the largest value, " + tool::scientific(error.elementError) + " of " +
              tool::scientific(error.elementBound) + " of an element's terms (" + error.isa + ", batch " +
              std::to_string(error.batch) + ")";
  }
  if (above == 0 && unusual > 0)
    tool::note(llvm::Twine(unusual) + " of " + llvm::Twine(errors.size()) +
               " steps are off by more than sums of unlike terms are, by no more than sums of like ones may be "
               "(docs/verification.md)");
  if (above == 0)
    return llvm::Error::success();
  return tool::checkFailed(llvm::Twine(above) + " of " + llvm::Twine(errors.size()) +
                           " steps are off by more than is allowed:" + list + (above > 10 ? "\n  ..." : ""));
}

llvm::Error tool::report(const Options &options, const Findings &findings, llvm::ArrayRef<std::string> built, double seconds) {
  bool isDrawn = options.weights.empty() || llvm::StringRef(options.weights).starts_with("random:");
  options.json ? printJson(findings, built, seconds, *options.reply)
               : printText(findings, built, isDrawn, seconds, widthOfTables(options));
  return llvm::joinErrors(judge(findings.errors, isDrawn),
                          llvm::joinErrors(judgeOutputs(findings.outputs), judgeRuns(findings.faults)));
}
