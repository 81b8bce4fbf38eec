// What names mean inside of nested blocks: registers, also ranges of them as `%r<615>`, variables, and labels that may be used
// in front of where they stand.
#pragma once

#include "emulator/ptx/Ast.h"

#include <optional>
#include <unordered_map>

namespace skip::emulator {

class Scopes {
public:
  explicit Scopes(Function &function) : function(function) {}

  void open();
  /// Ties what named a label of this block; what is left is for the block around it.
  void close();
  bool isOutermost() const { return scopes.size() == 1; }

  void declareRegister(std::string_view name, Type type, int line);
  void declareRange(std::string_view prefix, uint64_t count, Type type, int line);
  void declareVariable(const Variable &variable, int line);
  void declareLabel(std::string_view name, uint32_t statement, int line);
  void declareTargets(std::string_view name, std::vector<std::string_view> labels, int line);

  std::optional<uint32_t> findRegister(std::string_view name);
  const Variable *findVariable(std::string_view name) const;
  /// The operand of the last statement, which names a label.
  void useLabel(std::string_view name, uint32_t statement, uint32_t operand, int line);

private:
  struct Range {
    Type type;
    uint64_t count;
    std::unordered_map<uint64_t, uint32_t> used;
  };
  struct Use {
    std::string_view name;
    uint32_t statement, operand;
    bool inTargets; // `statement` is then a table of branch targets
    int line;
  };
  struct Scope {
    std::unordered_map<std::string_view, std::pair<Type, std::optional<uint32_t>>> registers;
    std::unordered_map<std::string_view, Range> ranges;
    std::unordered_map<std::string_view, const Variable *> variables;
    std::unordered_map<std::string_view, uint32_t> labels, targets;
    std::vector<Use> uses;
  };

  uint32_t addRegister(std::string_view name, Type type);
  std::optional<uint32_t> findInRange(Scope &scope, std::string_view name);
  bool tie(const Scope &scope, const Use &use);
  void refuseTwice(std::string_view name, int line) const;

  Function &function;
  std::vector<Scope> scopes;
};

} // namespace skip::emulator
