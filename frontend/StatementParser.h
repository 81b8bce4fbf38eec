// The statement half of the parser: bodies, options, and recovery at statement ends.
#pragma once

#include "frontend/ParserBase.h"

namespace skip::frontend {

class StatementParser : public ExpressionParser {
public:
  using ExpressionParser::ExpressionParser;

protected:
  /// Nothing when a brace is missing.
  std::optional<ast::Body> parseBody();
  llvm::ArrayRef<ast::Option> parseOptions();

  bool startsDeclaration() const {
    return isAt(TokenKind::Import) || isAt(TokenKind::Param) || isAt(TokenKind::Block) || isAt(TokenKind::Model);
  }

private:
  ast::Option parseOption();
  /// An option without its name.
  ast::Option parseOptionValue();
  void parseList(ast::Option &option);
  ast::Identifier takeText();

  ast::Statement *parseStatement();
  ast::Statement *parseAssign();
  ast::Statement *parseReturn();
  ast::Statement *parseInput();
  ast::Statement *parseOutput();
  ast::Statement *parseIf();
  ast::Expr *parseCondition();
  ast::Statement *parseRequire();
  ast::Statement *parseError();
  bool startsTraining() const;
  ast::Statement *parseTraining();
  llvm::ArrayRef<ast::Setting> parseSettings(const Token &open);
  ast::Setting parseSetting();
  const ast::SettingValue *parseSettingValue();
  void skipSetting();
  void skipSettings();
  llvm::StringRef parseText();

  template <typename T> T *finish(T statement, ast::Statement::Kind kind, llvm::SMLoc start) {
    statement.kind = kind;
    statement.range = from(start);
    return arena.make(statement);
  }

  bool startsStatement() const;
  /// A statement or declaration that is no assignment, which a setting looks like.
  bool startsOtherStatement() const {
    return (startsDeclaration() && peek().startsLine) || (startsStatement() && !startsAssignment());
  }
  void skipToStatement();

  // Ways of other languages, in ParseHabits.cpp.
  void passDeclarator();
  bool reportCompoundAssignment(const ast::Identifier &name);
  bool reportColonBody();
  /// `y : = x` or `x += y`: not read by what stands before it.
  bool startsMistyped() const;
  bool colonBodies = false; ///< An `if` had one, so that its `else:` is no error of its own.
  void skipOptions();
};

} // namespace skip::frontend
