// PTX has a register for every value: a kernel names 700 of them where 100 live, and at 128 bytes each what a warp works on is
// far beyond a core's first cache. So values that never live at once share a place.
//
// What lives is asked of one thread, since a lane never touches another lane's part of a place, except in instructions that all
// lanes run together. A register lives from its first statement to its last, in the order of the text, with all statements
// between where the flow of control carries it; registers of one statement never share. Only an instruction that is known to
// write its first operand and nothing else ends a life (backwards); what is guarded ends none.
//
// Left as they are: predicates, and functions in which something may touch registers later than the instruction that names
// them.
#include "emulator/machine/Sharing.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace skip::emulator {
namespace {

std::string_view nameOf(const Statement &statement) { return statement.opcode.substr(0, statement.opcode.find('.')); }

bool isOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool touchesLater(const Statement &statement) {
  return isOneOf(nameOf(statement), {"wgmma", "call", "brx"}) || statement.opcode.starts_with("cp.async.bulk") ||
         statement.opcode.starts_with("cp.reduce");
}

bool onlyWritesFirst(const Statement &statement) {
  return isOneOf(nameOf(statement), {"mov",  "ld",   "add",      "sub",  "mul", "mad",  "fma", "and", "or",  "xor",
                                     "not",  "shl",  "shr",      "cvt",  "min", "max",  "neg", "abs", "div", "selp",
                                     "cvta", "shfl", "ldmatrix", "prmt", "bfe", "lop3", "rem", "mma", "ex2", "rcp"});
}

bool endsFlow(const Statement &statement) {
  return !statement.guarded && isOneOf(nameOf(statement), {"bra", "ret", "exit", "trap"});
}

/// A set of registers.
using Bits = std::vector<bool>;

class Lives {
public:
  explicit Lives(const Function &function) : function(function), count(function.registers.size()) {
    size_t statements = function.statements.size();
    liveBefore.assign(statements + 1, Bits());
    begins.assign(count, kNever);
    ends.assign(count, 0);
    findBlocks();
    while (walkBlocks()) {
    }
    for (size_t block = 0; block + 1 < blocks.size(); ++block) {
      extend(liveBefore[blocks[block]], blocks[block]);
      extend(liveBehind(block), blocks[block + 1] - 1);
    }
    for (size_t at = 0; at < statements; ++at)
      for (const Operand &operand : function.statements[at].operands)
        eachRegister(operand, [&](uint32_t index) { extend(index, at); });
  }

  static constexpr size_t kNever = ~size_t(0);
  const Function &function;
  size_t count;
  std::vector<size_t> begins, ends; // of each register's life, in statements

private:
  std::vector<size_t> blocks;   // first statements, and in the end their number
  std::vector<Bits> liveBefore; // of statements that begin blocks

  void findBlocks() {
    size_t statements = function.statements.size();
    std::vector<bool> leads(statements + 1);
    leads[0] = leads[statements] = true;
    for (uint32_t label : function.labels)
      leads[label] = true;
    for (size_t i = 0; i < statements; ++i)
      if (isOneOf(nameOf(function.statements[i]), {"bra", "ret", "exit", "trap"}))
        leads[i + 1] = true;
    for (size_t i = 0; i <= statements; ++i)
      if (leads[i])
        blocks.push_back(i);
    for (size_t block : blocks)
      liveBefore[block].resize(count);
  }

  template <class Visit> static void eachRegister(const Operand &operand, Visit visit) {
    if (operand.kind == Operand::Kind::reg)
      visit(operand.index);
    for (const Operand &part : operand.parts)
      eachRegister(part, visit);
  }

  void stepBack(const Statement &statement, Bits &live) const {
    bool writes =
        onlyWritesFirst(statement) && !statement.operands.empty() && statement.operands[0].kind != Operand::Kind::memory;
    if (writes && !statement.guarded)
      eachRegister(statement.operands[0], [&](uint32_t index) { live[index] = false; });
    for (size_t i = writes ? 1 : 0; i < statement.operands.size(); ++i)
      eachRegister(statement.operands[i], [&](uint32_t index) { live[index] = true; });
  }

  /// What lives behind a block: whatever lives where it may go on.
  Bits liveBehind(size_t block) const {
    size_t last = blocks[block + 1] - 1;
    const Statement &statement = function.statements[last];
    Bits live(count);
    auto add = [&](size_t begin) {
      for (size_t i = 0; i < count; ++i)
        live[i] = live[i] || liveBefore[begin][i];
    };
    if (nameOf(statement) == "bra")
      add(function.labels[statement.operands[0].index]);
    if (!endsFlow(statement))
      add(blocks[block + 1]);
    return live;
  }

  bool walkBlocks() {
    bool changed = false;
    for (size_t block = blocks.size() - 1; block-- > 0;) {
      Bits live = liveBehind(block);
      for (size_t at = blocks[block + 1]; at-- > blocks[block];)
        stepBack(function.statements[at], live);
      changed |= live != liveBefore[blocks[block]];
      liveBefore[blocks[block]] = std::move(live);
    }
    return changed;
  }

  void extend(uint32_t index, size_t at) {
    begins[index] = begins[index] == kNever ? at : std::min(begins[index], at);
    ends[index] = std::max(ends[index], at);
  }

  void extend(const Bits &live, size_t at) {
    for (uint32_t index = 0; index < count; ++index)
      if (live[index])
        extend(index, at);
  }
};

} // namespace

std::vector<uint32_t> sharedRegisters(const Function &function) {
  std::vector<uint32_t> leaders(function.registers.size());
  std::iota(leaders.begin(), leaders.end(), 0);
  if (std::any_of(function.statements.begin(), function.statements.end(), touchesLater))
    return leaders;
  Lives lives(function);
  std::vector<uint32_t> order;
  for (uint32_t index = 0; index < leaders.size(); ++index)
    if (lives.begins[index] != Lives::kNever && function.registers[index].type != Type::pred)
      order.push_back(index);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return std::pair(lives.begins[a], a) < std::pair(lives.begins[b], b); });
  std::vector<uint32_t> living;                   // registers whose place is taken
  std::map<uint32_t, std::vector<uint32_t>> free; // by width: those that lead a place that nobody has now
  auto widthOf = [&](uint32_t index) { return std::max<uint32_t>(2, bytesOf(function.registers[index].type)); };
  for (uint32_t index : order) {
    std::erase_if(living, [&](uint32_t other) {
      bool over = lives.ends[other] < lives.begins[index];
      if (over)
        free[widthOf(other)].push_back(leaders[other]);
      return over;
    });
    if (auto &places = free[widthOf(index)]; !places.empty()) {
      leaders[index] = places.back();
      places.pop_back();
    }
    living.push_back(index);
  }
  return leaders;
}

} // namespace skip::emulator
