// Statements and what stands in them, with recovery at statement ends.
#include "frontend/StatementParser.h"

using namespace skip::frontend;
using ast::Expr;
using ast::Statement;

/// Rule recover-1: a statement can begin at the first token of a line, with a keyword or with `name =`.
bool StatementParser::startsStatement() const {
  switch (peek().kind) {
  case TokenKind::Return:
  case TokenKind::Input:
  case TokenKind::Output:
  case TokenKind::Require:
  case TokenKind::Error:
  case TokenKind::If:
    return peek().startsLine;
  case TokenKind::Name:
    return startsAssignment() || (startsTraining() && peek().startsLine);
  default:
    return startsDeclaration() && peek().startsLine;
  }
}

void StatementParser::skipToStatement() {
  failed = false;
  unsigned braces = 0;
  while (!isAt(TokenKind::EndOfFile)) {
    if (startsDeclaration() && peek().startsLine)
      return;
    if (!braces && (startsStatement() || startsMistyped() || isAt(TokenKind::CloseBrace)))
      return;
    if (isAt(TokenKind::OpenBrace))
      ++braces;
    if (isAt(TokenKind::CloseBrace))
      --braces;
    take();
  }
}

/// Rule options-1: options = "{" [ NAME "=" value { "," NAME "=" value } ] "}".
llvm::ArrayRef<ast::Option> StatementParser::parseOptions() {
  Token open = take();
  llvm::SmallVector<ast::Option, 4> options;
  while (!isAt(TokenKind::CloseBrace) && !failed) {
    options.push_back(parseOption());
    limitCount(options.size(), "options");
    if (!accept(TokenKind::Comma))
      break;
  }
  if (expectClosing(TokenKind::CloseBrace, open) && !failed)
    return arena.copy(llvm::ArrayRef<ast::Option>(options));
  skipOptions();
  return {}; // one that could not be read has no value
}

/// Their brace closes no body.
void StatementParser::skipOptions() {
  auto startsOther = [&] { return startsDeclaration() || (startsStatement() && !startsAssignment()); };
  while (!isAt(TokenKind::CloseBrace) && !isAt(TokenKind::EndOfFile) && !startsOther())
    take();
  failed = !accept(TokenKind::CloseBrace);
}

/// NAME "=" (expr | TEXT | list).
ast::Option StatementParser::parseOption() {
  ast::Identifier name = expectName("an option's name");
  ast::Option option{};
  if (expect(TokenKind::Assign))
    option = parseOptionValue();
  option.name = name;
  return option;
}

ast::Option StatementParser::parseOptionValue() {
  ast::Option option{};
  llvm::SMLoc start = peek().range().Start;
  if (isAt(TokenKind::OpenBracket))
    parseList(option);
  else if (isAt(TokenKind::Text))
    option.texts = arena.copy(llvm::ArrayRef<ast::Identifier>(takeText()));
  else
    option.values = arena.copy(llvm::ArrayRef<Expr *>(parseExpr()));
  option.range = from(start);
  return option;
}

ast::Identifier StatementParser::takeText() {
  llvm::SMRange range = peek().range();
  return {textValue(take()), range};
}

/// Rule options-2: a list holds expressions or texts.
void StatementParser::parseList(ast::Option &option) {
  Token open = take();
  option.isList = true;
  llvm::SmallVector<Expr *> values;
  llvm::SmallVector<ast::Identifier> texts;
  while (!isAt(TokenKind::CloseBracket) && !failed) {
    if (isAt(TokenKind::Text))
      texts.push_back(takeText());
    else
      values.push_back(parseExpr());
    if (!accept(TokenKind::Comma))
      break;
  }
  expectClosing(TokenKind::CloseBracket, open);
  option.values = arena.copy(llvm::ArrayRef<Expr *>(values));
  option.texts = arena.copy(llvm::ArrayRef<ast::Identifier>(texts));
}

/// Rule body-1: "{" { statement } "}". Nothing when a brace is missing.
std::optional<ast::Body> StatementParser::parseBody() {
  Nesting nesting(*this);
  Token open = peek();
  if (nesting.tooDeep() || !expect(TokenKind::OpenBrace))
    return std::nullopt;
  llvm::SmallVector<Statement *> statements;
  while (!isAt(TokenKind::CloseBrace) && !isAt(TokenKind::EndOfFile) && !startsDeclaration()) {
    if (Statement *statement = parseStatement())
      statements.push_back(statement);
    if (failed)
      skipToStatement();
  }
  if (!expectClosing(TokenKind::CloseBrace, open))
    return std::nullopt;
  return arena.copy(llvm::ArrayRef<Statement *>(statements));
}

Statement *StatementParser::parseStatement() {
  switch (peek().kind) {
  case TokenKind::Name:
    return startsTraining() ? parseTraining() : parseAssign();
  case TokenKind::Return:
    return parseReturn();
  case TokenKind::Input:
    return parseInput();
  case TokenKind::Output:
    return parseOutput();
  case TokenKind::If:
    return parseIf();
  case TokenKind::Require:
    return parseRequire();
  case TokenKind::Error:
    return parseError();
  case TokenKind::OpenBrace: // is not taken: what recovery passes over ends with its closing brace
    unexpected("a statement", nullptr, "arguments stand in parentheses: `conv(64, 3)`; braces hold bodies and options");
    return nullptr;
  default:
    failed = colonBodies && isAt(TokenKind::Else);
    unexpected("a statement");
    take();
    return nullptr;
  }
}

Statement *StatementParser::parseAssign() {
  passDeclarator();
  llvm::SMLoc start = peek().range().Start;
  ast::AssignStatement assign{};
  assign.name = expectName("a name");
  if (reportCompoundAssignment(assign.name) || !expect(TokenKind::Assign, "`=`: a statement gives a value a name"))
    return nullptr;
  assign.value = parseExpr();
  // What could not be read still defines its name.
  if (failed)
    assign.value = errorExpr(start);
  return finish(assign, Statement::Kind::Assign, start);
}

Statement *StatementParser::parseReturn() {
  llvm::SMLoc start = peek().range().Start;
  take();
  ast::ReturnStatement result{};
  result.value = parseExpr();
  if (failed)
    result.value = errorExpr(start);
  return finish(result, Statement::Kind::Return, start);
}

/// Rule input-1: "input" NAME "[" expr "," expr "," expr "]" [ options ].
Statement *StatementParser::parseInput() {
  llvm::SMLoc start = peek().range().Start;
  take();
  ast::InputStatement input{};
  input.name = expectName("the input's name");
  Token open = peek();
  llvm::SmallVector<Expr *> shape;
  if (expect(TokenKind::OpenBracket)) {
    do
      shape.push_back(parseExpr());
    while (accept(TokenKind::Comma));
    expectClosing(TokenKind::CloseBracket, open);
  }
  if (failed)
    shape.assign(1, errorExpr(start));
  input.shape = arena.copy(llvm::ArrayRef<Expr *>(shape));
  input.shapeRange = from(open.range().Start.getPointer() < lastEnd ? open.range().Start : start);
  if (!failed && isAt(TokenKind::OpenBrace))
    input.options = parseOptions();
  return input.name.text.empty() ? nullptr : finish(input, Statement::Kind::Input, start);
}

/// Rule output-1: "output" NAME [ "=" expr ] [ options ]; without a value, the name is that of one.
Statement *StatementParser::parseOutput() {
  llvm::SMLoc start = peek().range().Start;
  take();
  ast::OutputStatement output{};
  output.name = expectName("the output's name");
  if (output.name.text.empty())
    return nullptr;
  if (accept(TokenKind::Assign)) {
    output.value = parseExpr();
  } else {
    ast::NameExpr name{};
    name.name = output.name.text;
    output.value = node(name, Expr::Kind::Name, output.name.range);
  }
  if (!failed && isAt(TokenKind::OpenBrace))
    output.options = parseOptions();
  if (failed)
    output.value = errorExpr(start);
  return finish(output, Statement::Kind::Output, start);
}

/// A condition that could not be read does not cost the body behind it.
Expr *StatementParser::parseCondition() {
  llvm::SMLoc start = peek().range().Start;
  Expr *condition = parseExpr();
  if (!failed)
    return condition;
  while (!isAt(TokenKind::OpenBrace) && !peek().startsLine && !isAt(TokenKind::EndOfFile))
    take();
  failed = !isAt(TokenKind::OpenBrace);
  return errorExpr(start);
}

/// Rule if-1: "if" expr body { "else" "if" expr body } [ "else" body ].
Statement *StatementParser::parseIf() {
  llvm::SMLoc start = peek().range().Start;
  ast::IfStatement result{};
  llvm::SmallVector<ast::IfArm> arms;
  do {
    take();
    if (reportColonBody())
      return nullptr;
    ast::IfArm arm{parseCondition(), {}};
    std::optional<ast::Body> body = failed ? std::nullopt : parseBody();
    if (!body)
      return nullptr;
    arm.body = *body;
    arms.push_back(arm);
    result.hasElse = accept(TokenKind::Else);
  } while (result.hasElse && isAt(TokenKind::If));
  if (result.hasElse) {
    std::optional<ast::Body> body = parseBody();
    if (!body)
      return nullptr;
    result.otherwise = *body;
  }
  result.arms = arena.copy(llvm::ArrayRef<ast::IfArm>(arms));
  return finish(result, Statement::Kind::If, start);
}

llvm::StringRef StatementParser::parseText() {
  if (isAt(TokenKind::Text))
    return textValue(take());
  unexpected("a text in quotes");
  return {};
}

/// Rule require-1: "require" expr "," TEXT.
Statement *StatementParser::parseRequire() {
  llvm::SMLoc start = peek().range().Start;
  take();
  ast::RequireStatement require{};
  require.condition = parseExpr();
  if (expect(TokenKind::Comma))
    require.text = parseText();
  return failed ? nullptr : finish(require, Statement::Kind::Require, start);
}

/// Rule require-2: "error" TEXT.
Statement *StatementParser::parseError() {
  llvm::SMLoc start = peek().range().Start;
  take();
  ast::ErrorStatement error{};
  error.text = parseText();
  return failed ? nullptr : finish(error, Statement::Kind::Error, start);
}
