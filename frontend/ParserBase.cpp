// The parser's token cursor: taking tokens, and saying what was expected where another one stands.
#include "frontend/ParserBase.h"

#include "frontend/Habits.h"

using namespace skip::frontend;

Token ExpressionParser::take() {
  Token token = peek();
  if (at + 1 < tokens.size())
    ++at;
  lastEnd = token.text.end();
  return token;
}

bool ExpressionParser::accept(TokenKind kind) {
  if (!isAt(kind))
    return false;
  take();
  return true;
}

static std::string found(const Token &token) {
  switch (token.kind) {
  case TokenKind::EndOfFile:
    return "the end of the file";
  case TokenKind::Text:
    return "a text";
  default:
    return quoted(token.text.take_front(40));
  }
}

void ExpressionParser::unexpected(llvm::StringRef wanted, const Token *open, llvm::StringRef hint) {
  if (failed)
    return;
  failed = true;
  if (isAt(TokenKind::Unknown))
    return;
  Report report = diagnostics.report(diag::unexpectedToken, peek().range(), {wanted.str(), found(peek())});
  if (open)
    report.note(open->range(), "to match this `" + open->text.str() + "`");
  if (!hint.empty()) {
    report.note(peek().range(), hint.str());
    return;
  }
  for (size_t i : {at > 0 ? at - 1 : at, at}) // the word itself, or what stands behind it, is what was not expected
    if (llvm::StringRef hint = hintForWord(tokens[i].text); !hint.empty()) {
      report.note(tokens[i].range(), hint.str());
      break;
    }
}

bool ExpressionParser::expect(TokenKind kind, llvm::StringRef wanted) {
  if (accept(kind))
    return true;
  unexpected(wanted.empty() ? describe(kind) : wanted);
  return false;
}

void ExpressionParser::limitCount(size_t count, llvm::StringRef what) {
  if (count <= limits.parameters || failed)
    return;
  failed = true;
  diagnostics.report(diag::tooManyParameters, tokens[at - 1].range(), {std::to_string(limits.parameters), what.str()});
}

bool ExpressionParser::expectClosing(TokenKind kind, const Token &open) {
  if (accept(kind))
    return true;
  unexpected(describe(kind), &open);
  return false;
}

ast::Identifier ExpressionParser::expectName(llvm::StringRef wanted) {
  if (!isAt(TokenKind::Name)) {
    unexpected(wanted);
    return {"", peek().range()};
  }
  Token token = take();
  return {token.text, token.range()};
}

bool ExpressionParser::Nesting::tooDeep() {
  if (parser.depth <= parser.limits.nesting)
    return false;
  if (!parser.failed)
    parser.diagnostics.report(diag::nestedTooDeep, parser.peek().range(), {std::to_string(parser.limits.nesting)});
  parser.failed = true;
  return true;
}

llvm::StringRef ExpressionParser::textValue(const Token &token) {
  llvm::StringRef body = token.text.drop_front();
  if (body.ends_with(token.text.take_front()))
    body = body.drop_back();
  if (!body.contains('\\'))
    return body;
  std::string value;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\\' && i + 1 < body.size())
      ++i;
    value += body[i];
  }
  return arena.save(value);
}
