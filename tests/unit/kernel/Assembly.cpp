// Loops in assembly text: a jump back to a label closes one; it is innermost if no other jump back lies inside.
#include "tests/unit/kernel/Assembly.h"

#include <map>
#include <sstream>

using namespace skip;

namespace {
struct Loop {
  size_t first, last; // lines
};
} // namespace

static std::vector<std::string> linesOf(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

/// The label that a jump goes to, empty for any other line.
static std::string jumpTarget(const std::string &line) {
  size_t label = line.find(".LBB");
  return line.rfind("\tj", 0) == 0 && label != std::string::npos ? line.substr(label) : "";
}

static std::vector<Loop> loopsOf(const std::vector<std::string> &lines) {
  std::map<std::string, size_t> labels;
  std::vector<Loop> loops;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].rfind(".LBB", 0) == 0)
      labels[lines[i].substr(0, lines[i].find(':'))] = i;
    auto target = labels.find(jumpTarget(lines[i]));
    if (target != labels.end())
      loops.push_back({target->second, i});
  }
  return loops;
}

static bool isInnermost(const Loop &loop, const std::vector<Loop> &loops) {
  for (const Loop &other : loops)
    if (other.first >= loop.first && other.last <= loop.last && (other.first != loop.first || other.last != loop.last))
      return false;
  return true;
}

static bool isSpill(const std::string &line) {
  bool stack = line.find("(%rsp") != std::string::npos || line.find("(%rbp") != std::string::npos;
  return stack && line.find("mm") != std::string::npos;
}

std::vector<std::string> testing::spillsInInnermostLoops(const std::string &assembly) {
  std::vector<std::string> lines = linesOf(assembly), spills;
  std::vector<Loop> loops = loopsOf(lines);
  for (const Loop &loop : loops)
    if (isInnermost(loop, loops))
      for (size_t i = loop.first; i <= loop.last; ++i)
        if (isSpill(lines[i]))
          spills.push_back(lines[i]);
  return spills;
}

int64_t skip::testing::largestFrame(const std::string &assembly) {
  int64_t most = 0;
  for (size_t at = 0; (at = assembly.find("subq\t$", at)) != std::string::npos; ++at)
    if (assembly.find("%rsp", at) < assembly.find('\n', at))
      most = std::max(most, int64_t(std::strtoll(assembly.c_str() + at + 6, nullptr, 10)));
  return most;
}
