#include "emulator/machine/Faults.h"

#include "emulator/machine/Blocks.h"
#include "emulator/ptx/Printed.h"

#include <bit>
#include <fmt/format.h>

namespace skip::emulator {

std::string hex(uint64_t value) { return fmt::format("{:#x}", value); }

std::string nameOf(const Block &block) {
  return fmt::format("block ({}, {}, {})", block.index.x, block.index.y, block.index.z);
}

Dim3 threadOf(const Warp &warp, uint32_t lane) {
  Dim3 size = warp.run->launch->block;
  uint32_t flat = warp.index * 32 + lane;
  return {flat % size.x, flat / size.x % size.y, flat / size.x / size.y};
}

std::string describe(Run &run, uint64_t agent) {
  if (agent < run.firstAgent)
    return "an earlier launch";
  uint32_t blocks = run.launch->cluster.x * run.launch->cluster.y * run.launch->cluster.z;
  uint32_t each = agentsOf(run);
  uint64_t offset = agent - run.firstAgent, position = offset / (uint64_t(each) * blocks);
  uint32_t within = static_cast<uint32_t>(offset % (uint64_t(each) * blocks));
  Dim3 index = blockIndex(run, clusterAt(run, position), within / each);
  std::string block = fmt::format("block ({}, {}, {})", index.x, index.y, index.z);
  if (within % each == warpsOf(run))
    return "an asynchronous copy of " + block;
  if (within % each > warpsOf(run))
    return fmt::format("a wgmma of warpgroup {} of {}", within % each - warpsOf(run) - 1, block);
  return fmt::format("warp {} of {}", within % each, block);
}

/// Without the line breaks and tabs of the source, and not longer than a reader wants.
static std::string oneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space || (!line.empty() && line.back() != ' '))
      line += space ? ' ' : c;
  }
  return printed(line);
}

void failAt(Warp &warp, const Program &program, const Instruction &in, FaultKind kind, std::string text, uint32_t lane) {
  Fault fault;
  fault.kind = kind;
  fault.text = std::move(text);
  fault.kernel = warp.run->kernel->name;
  fault.instruction = oneLine(program.textOf(in));
  fault.line = program.lineOf(in);
  fault.block = warp.block->index;
  fault.thread = threadOf(warp, lane);
  throw fault;
}

void fail(Warp &warp, FaultKind kind, std::string text, uint32_t mask) {
  uint32_t lane = static_cast<uint32_t>(std::countr_zero(mask ? mask : 1));
  failAt(warp, *warp.program, warp.present(), kind, std::move(text), lane);
}

std::string_view nameOf(FaultKind kind) {
  static constexpr std::string_view kNames[] = {
      "out of bounds",   "use after free", "misaligned",       "uninitialised",       "race",
      "missing fence",   "missing wait",   "divergence",       "illegal tensor map",  "illegal descriptor",
      "illegal barrier", "deadlock",       "out of resources", "illegal instruction", "trap",
      "does not end"};
  return kNames[static_cast<size_t>(kind)];
}

} // namespace skip::emulator
