#include "emulator/ptx/Scopes.h"

#include "emulator/ptx/Printed.h"

#include <charconv>

namespace skip::emulator {

void Scopes::open() { scopes.emplace_back(); }

void Scopes::close() {
  Scope scope = std::move(scopes.back());
  scopes.pop_back();
  for (const Use &use : scope.uses) {
    if (tie(scope, use))
      continue;
    if (scopes.empty())
      throw PtxError{use.line, "`" + printed(use.name) + "` names nothing that is declared here"};
    scopes.back().uses.push_back(use);
  }
}

bool Scopes::tie(const Scope &scope, const Use &use) {
  if (auto label = scope.labels.find(use.name); label != scope.labels.end()) {
    if (use.inTargets)
      function.branchTargets[use.statement][use.operand] = label->second;
    else
      function.statements[use.statement].operands[use.operand].index = label->second;
    return true;
  }
  if (auto table = scope.targets.find(use.name); table != scope.targets.end() && !use.inTargets) {
    Operand &operand = function.statements[use.statement].operands[use.operand];
    operand.index = table->second;
    operand.value = 1; // a table
    return true;
  }
  return false;
}

void Scopes::refuseTwice(std::string_view name, int line) const {
  const Scope &scope = scopes.back();
  if (scope.registers.contains(name) || scope.variables.contains(name) || scope.labels.contains(name) ||
      scope.targets.contains(name))
    throw PtxError{line, "`" + printed(name) + "` is declared twice in one block"};
}

void Scopes::declareRegister(std::string_view name, Type type, int line) {
  refuseTwice(name, line);
  scopes.back().registers.emplace(name, std::pair{type, std::nullopt});
}

void Scopes::declareRange(std::string_view prefix, uint64_t count, Type type, int line) {
  if (!scopes.back().ranges.emplace(prefix, Range{type, count, {}}).second)
    throw PtxError{line, "registers `" + printed(prefix) + "` are declared twice in one block"};
}

void Scopes::declareVariable(const Variable &variable, int line) {
  refuseTwice(variable.name, line);
  scopes.back().variables.emplace(variable.name, &variable);
}

void Scopes::declareLabel(std::string_view name, uint32_t statement, int line) {
  refuseTwice(name, line);
  scopes.back().labels.emplace(name, static_cast<uint32_t>(function.labels.size()));
  function.labels.push_back(statement);
}

void Scopes::declareTargets(std::string_view name, std::vector<std::string_view> labels, int line) {
  refuseTwice(name, line);
  uint32_t table = static_cast<uint32_t>(function.branchTargets.size());
  scopes.back().targets.emplace(name, table);
  function.branchTargets.emplace_back(labels.size());
  for (uint32_t i = 0; i < labels.size(); ++i)
    scopes.back().uses.push_back({labels[i], table, i, true, line});
}

uint32_t Scopes::addRegister(std::string_view name, Type type) {
  function.registers.push_back({type, std::string(name)});
  return static_cast<uint32_t>(function.registers.size() - 1);
}

std::optional<uint32_t> Scopes::findInRange(Scope &scope, std::string_view name) {
  constexpr size_t kMostDigits = 10;
  size_t digits = name.size();
  while (digits > 0 && name.size() - digits < kMostDigits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  // `%r1` of ranges `%r` and, in theory, `%f1<4>`: try every place where the number may begin.
  for (size_t at = digits; at < name.size(); ++at) {
    auto range = scope.ranges.find(name.substr(0, at));
    uint64_t number = 0;
    auto [end, error] = std::from_chars(name.data() + at, name.data() + name.size(), number);
    bool canonical = error == std::errc() && (name[at] != '0' || name.size() == at + 1);
    if (range == scope.ranges.end() || !canonical || number >= range->second.count)
      continue;
    auto [used, isNew] = range->second.used.try_emplace(number, 0);
    if (isNew)
      used->second = addRegister(name, range->second.type);
    return used->second;
  }
  return std::nullopt;
}

std::optional<uint32_t> Scopes::findRegister(std::string_view name) {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    if (auto found = scope->registers.find(name); found != scope->registers.end()) {
      auto &[type, index] = found->second;
      if (!index)
        index = addRegister(name, type);
      return index;
    }
    if (scope->variables.contains(name))
      return std::nullopt;
    if (auto found = findInRange(*scope, name))
      return found;
  }
  return std::nullopt;
}

const Variable *Scopes::findVariable(std::string_view name) const {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (auto found = scope->variables.find(name); found != scope->variables.end())
      return found->second;
  return nullptr;
}

void Scopes::useLabel(std::string_view name, uint32_t statement, uint32_t operand, int line) {
  scopes.back().uses.push_back({name, statement, operand, false, line});
}

} // namespace skip::emulator
