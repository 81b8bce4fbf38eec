#include "emulator/machine/Flow.h"

#include <algorithm>

namespace skip::emulator {
namespace {

enum class Flow : uint8_t { next, branch, table, end };

Flow flowOf(const Program &program, const Instruction &in) {
  if (in.statement >= program.source->statements.size())
    return Flow::end;
  std::string_view opcode = program.source->statements[in.statement].opcode;
  std::string_view name = opcode.substr(0, opcode.find('.'));
  if (name == "bra")
    return Flow::branch;
  if (name == "brx")
    return Flow::table;
  return name == "ret" || name == "exit" || name == "trap" ? Flow::end : Flow::next;
}

/// Basic blocks, the last of them a virtual one that every end of the program leads to.
struct Graph {
  std::vector<uint32_t> begins;             // first instruction of each
  std::vector<std::vector<uint32_t>> after; // successors
  std::vector<std::vector<uint32_t>> before;
  std::vector<uint32_t> blockOf; // of each instruction
};

Graph graphOf(const Program &program) {
  size_t count = program.code.size();
  std::vector<bool> leads(count + 1, false);
  leads[0] = true;
  for (size_t i = 0; i < count; ++i) {
    Flow flow = flowOf(program, program.code[i]);
    if (flow == Flow::next)
      continue;
    leads[i + 1] = true;
    if (flow == Flow::branch)
      leads[program.code[i].target] = true;
    if (flow == Flow::table)
      for (uint32_t target : program.source->branchTargets[program.code[i].list])
        leads[program.source->labels[target]] = true;
  }
  Graph graph;
  graph.blockOf.resize(count);
  for (size_t i = 0; i < count; ++i) {
    if (leads[i])
      graph.begins.push_back(static_cast<uint32_t>(i));
    graph.blockOf[i] = static_cast<uint32_t>(graph.begins.size() - 1);
  }
  uint32_t exit = static_cast<uint32_t>(graph.begins.size());
  graph.after.resize(exit + 1);
  graph.before.resize(exit + 1);
  for (uint32_t block = 0; block < exit; ++block) {
    size_t last = (block + 1 < exit ? graph.begins[block + 1] : count) - 1;
    const Instruction &in = program.code[last];
    Flow flow = flowOf(program, in);
    auto &after = graph.after[block];
    if (flow == Flow::branch)
      after.push_back(graph.blockOf[in.target]);
    if (flow == Flow::table)
      for (uint32_t target : program.source->branchTargets[in.list])
        after.push_back(graph.blockOf[program.source->labels[target]]);
    if (flow == Flow::end || last + 1 == count)
      after.push_back(exit);
    if ((flow == Flow::next || in.guard) && last + 1 < count)
      after.push_back(block + 1);
    for (uint32_t next : after)
      graph.before[next].push_back(block);
  }
  return graph;
}

/// Blocks in postorder of the graph walked backwards from its exit; those that never end are missing.
std::vector<uint32_t> backwardOrder(const Graph &graph) {
  std::vector<uint32_t> order;
  std::vector<bool> seen(graph.after.size(), false);
  std::vector<std::pair<uint32_t, size_t>> stack{{static_cast<uint32_t>(graph.after.size() - 1), 0}};
  seen.back() = true;
  while (!stack.empty()) {
    auto &[block, next] = stack.back();
    if (next == graph.before[block].size()) {
      order.push_back(block);
      stack.pop_back();
      continue;
    }
    uint32_t before = graph.before[block][next++];
    if (!seen[before]) {
      seen[before] = true;
      stack.push_back({before, 0});
    }
  }
  return order;
}

constexpr uint32_t kNone = ~uint32_t(0);

/// Immediate postdominators, after Cooper, Harvey and Kennedy.
std::vector<uint32_t> postdominators(const Graph &graph) {
  std::vector<uint32_t> order = backwardOrder(graph), rank(graph.after.size(), kNone), dominator(graph.after.size(), kNone);
  for (uint32_t i = 0; i < order.size(); ++i)
    rank[order[i]] = i;
  uint32_t exit = static_cast<uint32_t>(graph.after.size() - 1);
  dominator[exit] = exit;
  auto meet = [&](uint32_t a, uint32_t b) {
    while (a != b) {
      while (rank[a] < rank[b])
        a = dominator[a];
      while (rank[b] < rank[a])
        b = dominator[b];
    }
    return a;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = order.size(); i-- > 0;) {
      uint32_t block = order[i], found = kNone;
      if (block == exit)
        continue;
      for (uint32_t next : graph.after[block])
        if (rank[next] != kNone && dominator[next] != kNone)
          found = found == kNone ? next : meet(found, next);
      if (found != dominator[block]) {
        dominator[block] = found;
        changed = true;
      }
    }
  }
  return dominator;
}

} // namespace

void findReconvergence(Program &program) {
  Graph graph = graphOf(program);
  std::vector<uint32_t> dominator = postdominators(graph);
  uint32_t exit = static_cast<uint32_t>(graph.after.size() - 1);
  for (size_t i = 0; i < program.code.size(); ++i) {
    Instruction &in = program.code[i];
    Flow flow = flowOf(program, in);
    if (flow != Flow::branch && flow != Flow::table)
      continue;
    uint32_t meets = dominator[graph.blockOf[i]];
    in.reconverge = meets == kNone || meets == exit ? kNoReconvergence : graph.begins[meets];
  }
}

} // namespace skip::emulator
