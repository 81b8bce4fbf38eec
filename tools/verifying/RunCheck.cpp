// A kernel that does not write what a later one reads, a halo say or the lanes of channels that do not exist, gives NaN in the
// first run; one that reads a value of another image or an earlier run gives other bits in the last.
#include "tools/verifying/RunCheck.h"

#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstring>

using namespace skip;
using tool::Outputs;
using tool::RunFindings;
using tool::RunInputs;
using tool::RunningBody;

static llvm::Error runInto(RunningBody &body, const Outputs &outputs, const tool::RandomInput &input, int64_t images) {
  if (!outputs.hasMemory())
    return tool::badInput("no memory for the outputs of " + llvm::Twine(images) + " images");
  return body.run(images, input.inputs(), outputs.pointers());
}

/// Says how many elements of each output `isWrong`, and which is the first.
template <typename IsWrong>
static void listWrong(RunFindings &findings, const RunInputs &inputs, const char *what, const IsWrong &isWrong) {
  for (size_t port = 0; port < findings.outputs.count(); ++port) {
    size_t wrong = 0, first = 0, count = findings.outputs.elements(port);
    for (size_t i = count; i-- > 0;)
      if (isWrong(port, i))
        ++wrong, first = i;
    if (wrong > 0)
      findings.faults.push_back("output `" + inputs.ports.outputs[port].name + "`: " + std::to_string(wrong) + " of " +
                                std::to_string(count) + " elements " + what + " (the first in image " +
                                std::to_string(first * static_cast<size_t>(inputs.images) / count) + " of " +
                                std::to_string(inputs.images) + ")");
  }
}

/// Leaves values of other images in memory.
static llvm::Error runOther(RunningBody &body, const RunInputs &inputs) {
  Outputs outputs(inputs.ports, inputs.images);
  if (llvm::Error error = runInto(body, outputs, inputs.other, inputs.images))
    return error;
  return inputs.images == 1 ? llvm::Error::success() : runInto(body, outputs, inputs.other, inputs.images / 2);
}

static bool hasNan(const Outputs &outputs) {
  for (size_t port = 0; port < outputs.count(); ++port)
    for (size_t i = 0; i < outputs.elements(port); ++i)
      if (std::isnan(outputs[port][i]))
        return true;
  return false;
}

/// Lists elements that are NaN where memory holds NaN: they read it, unless they are NaN in memory of zeros too.
static llvm::Error listNan(RunningBody &body, const RunInputs &inputs, RunFindings &findings) {
  if (!hasNan(findings.outputs))
    return llvm::Error::success();
  Outputs zeroed(inputs.ports, inputs.images);
  if (zeroed.hasMemory())
    for (auto [port, array] : llvm::enumerate(zeroed.pointers()))
      std::memset(array, 0, zeroed.elements(port) * sizeof *array);
  body.clearWorkspace();
  if (llvm::Error error = runInto(body, zeroed, inputs.first, inputs.images))
    return error;
  listWrong(findings, inputs, "are no numbers in a run in memory that holds NaN",
            [&](size_t port, size_t i) { return std::isnan(findings.outputs[port][i]) && !std::isnan(zeroed[port][i]); });
  listWrong(findings, inputs, "are no numbers, whatever memory holds: do values leave float32's range (docs/numerics.md)?",
            [&](size_t port, size_t i) { return std::isnan(zeroed[port][i]); });
  return llvm::Error::success();
}

llvm::Expected<RunFindings> tool::checkRuns(RunningBody &body, const RunInputs &inputs) {
  RunFindings findings{{}, Outputs(inputs.ports, inputs.images)};
  Outputs again(inputs.ports, inputs.images);
  body.spoilWorkspace();
  if (llvm::Error error = runInto(body, findings.outputs, inputs.first, inputs.images))
    return error;
  if (llvm::Error error = runOther(body, inputs))
    return error;
  if (llvm::Error error = runInto(body, again, inputs.first, inputs.images))
    return error;
  if (llvm::Error error = listNan(body, inputs, findings))
    return error;
  listWrong(findings, inputs, "change when other images were run before", [&](size_t port, size_t i) {
    return std::memcmp(findings.outputs[port] + i, again[port] + i, sizeof(float)) != 0;
  });
  if (!findings.outputs.areIntact() || !again.areIntact())
    findings.faults.push_back("something was written before or behind an output array");
  if (!body.isWorkspaceIntact())
    findings.faults.push_back("something was written before or behind the workspace");
  return findings;
}
