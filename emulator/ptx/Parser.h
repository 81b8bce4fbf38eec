// Reads PTX text. Split over two files: what stands at the level of the module (Parser.cpp) and what stands in functions
// (ParserBody.cpp).
#pragma once

#include "emulator/ptx/Lexer.h"
#include "emulator/ptx/Scopes.h"

#include <functional>

namespace skip::emulator {

class Parser {
public:
  explicit Parser(std::string_view source) : source(source), lexer(source) {
    ahead = lexer.next();
    advance();
  }
  ParsedModule module();

private:
  // Tokens.
  void advance();
  bool at(std::string_view text) const { return token.is(text); }
  bool take(std::string_view text);
  void expect(std::string_view text);
  std::string_view takeName(std::string_view what);
  uint64_t takeInteger(std::string_view what, uint64_t most = ~uint64_t(0));
  int64_t takeSigned();
  void skipLine();
  void skipBlock();
  [[noreturn]] void fail(std::string text) const;

  // The module.
  void header();
  void topLevel();
  void linkage(bool &isExtern);
  void functionHead(bool isEntry);
  void parameters(Function &function, std::vector<const Variable *> &into);
  void functionDirectives(Function &function);
  Dim3 threeNumbers();
  static Space spaceOf(std::string_view directive); // `.global` and its like; registers for what is none
  Variable variable(Space space, bool isExtern);
  void dimensions(Variable &variable);
  void initializer(Variable &variable);
  void initialElement(Variable &variable, int depth);
  void initialAddress(Variable &variable);
  void declareModuleVariable(Variable variable);

  // Bodies.
  void body(Function &function);
  void bodyItem();
  void bodyDirective();
  void declareRegisters();
  void declareInBody(Space space, bool isExtern);
  void label(std::string_view name, int line);
  void statement();
  std::string_view opcode();
  Operand operand(int depth = 0);
  Operand named();
  Operand memory(int depth);
  std::vector<Operand> listed(std::string_view close, int depth);
  bool isJump() const;

  std::string_view source;
  Lexer lexer;
  Token token, ahead;
  const char *lastEnd = nullptr; // of the token before the present one
  ParsedModule parsed;
  std::unordered_map<std::string_view, const Variable *> moduleVariables;
  Function *function = nullptr;
  Scopes *scopes = nullptr;
  int depth = 0;
};

} // namespace skip::emulator
