// Files: imports, file-level parameters, blocks and models.
#include "frontend/Parser.h"

#include "frontend/StatementParser.h"

using namespace skip::frontend;

namespace {

class Parser : public StatementParser {
public:
  using StatementParser::StatementParser;

  void parseFile(ast::File &file);

private:
  bool parseDeclaration(ast::File &file);
  void parseImport(ast::File &file);
  void parseDefinition(ast::File &file);
  ast::Parameter parseParameter();
  llvm::ArrayRef<ast::Parameter> parseParameters();
  llvm::ArrayRef<ast::Identifier> parseChoices();
  void skipToDeclaration();
};

} // namespace

void Parser::skipToDeclaration() {
  failed = false;
  while (!isAt(TokenKind::EndOfFile) && !(startsDeclaration() && peek().startsLine))
    take();
}

/// Rule file-1: file = { import | param | block | model }.
void Parser::parseFile(ast::File &file) {
  while (!isAt(TokenKind::EndOfFile)) {
    if (parseDeclaration(file) && !failed)
      continue;
    file.broken = true;
    skipToDeclaration();
  }
}

bool Parser::parseDeclaration(ast::File &file) {
  switch (peek().kind) {
  case TokenKind::Import:
    parseImport(file);
    return true;
  case TokenKind::Param:
    take();
    file.parameters.push_back(parseParameter());
    limitCount(file.parameters.size(), "parameters");
    return true;
  case TokenKind::Block:
  case TokenKind::Model:
    parseDefinition(file);
    return true;
  default:
    unexpected("`import`, `param`, `block` or `model`");
    take();
    return false;
  }
}

/// Rule import-1: import = "import" TEXT [ options ].
void Parser::parseImport(ast::File &file) {
  take();
  ast::Import import{};
  import.path.range = peek().range();
  if (!isAt(TokenKind::Text))
    return unexpected("the path of a file in quotes");
  import.path.text = textValue(take());
  if (isAt(TokenKind::OpenBrace))
    import.settings = parseOptions();
  file.imports.push_back(import);
}

/// Rule definition-1: ("block" | "model") NAME [ "(" parameters ")" ] body.
void Parser::parseDefinition(ast::File &file) {
  ast::Definition definition{};
  definition.isModel = take().is(TokenKind::Model);
  definition.name = expectName(definition.isModel ? "the model's name" : "the block's name");
  if (isAt(TokenKind::OpenParen))
    definition.parameters = parseParameters();
  if (failed)
    return;
  std::optional<ast::Body> body = parseBody();
  if (!body)
    return;
  definition.body = *body;
  file.definitions.push_back(arena.make(definition));
}

llvm::ArrayRef<ast::Parameter> Parser::parseParameters() {
  Token open = take();
  llvm::SmallVector<ast::Parameter, 4> parameters;
  while (!isAt(TokenKind::CloseParen) && !failed) {
    parameters.push_back(parseParameter());
    limitCount(parameters.size(), "parameters");
    if (!accept(TokenKind::Comma))
      break;
  }
  expectClosing(TokenKind::CloseParen, open);
  return arena.copy(llvm::ArrayRef<ast::Parameter>(parameters));
}

/// Rule param-1: NAME [ "=" (NAME "|" NAME { "|" NAME } | expr) ].
ast::Parameter Parser::parseParameter() {
  ast::Parameter parameter{};
  parameter.name = expectName("a parameter's name");
  if (!accept(TokenKind::Assign))
    return parameter;
  if (isAt(TokenKind::Name) && peek(1).is(TokenKind::Bar))
    parameter.choices = parseChoices();
  else
    parameter.fallback = parseExpr();
  return parameter;
}

llvm::ArrayRef<ast::Identifier> Parser::parseChoices() {
  llvm::SmallVector<ast::Identifier, 4> choices;
  do {
    choices.push_back(expectName("a name to choose"));
    limitCount(choices.size(), "choices");
  } while (!failed && accept(TokenKind::Bar));
  return arena.copy(llvm::ArrayRef<ast::Identifier>(choices));
}

ast::File skip::frontend::parse(const SourceFile &source, llvm::StringRef text, ast::Arena &arena, const Limits &limits,
                                Diagnostics &diagnostics) {
  ast::File file;
  file.source = source;
  std::vector<Token> tokens = lex(text, diagnostics);
  Parser(tokens, arena, limits, diagnostics).parseFile(file);
  return file;
}
