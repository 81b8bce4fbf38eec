// Ways to write that other languages have: where the grammar has no place for them, what is written here is told.
//
// Each looks at the tokens ahead and takes none, so that what is right is read as if this were not here.
#include "frontend/StatementParser.h"

#include "frontend/Habits.h"

using namespace skip::frontend;

/// `stride: 2`, as others write `stride = 2`: behind a label an operation would stand.
bool ExpressionParser::reportColon() {
  if (!isAt(TokenKind::Name) || !peek(1).is(TokenKind::Colon) || failed)
    return false;
  bool isValue = peek(2).is(TokenKind::Integer) || peek(2).is(TokenKind::Real) || peek(2).is(TokenKind::Minus) ||
                 peek(2).is(TokenKind::True) || peek(2).is(TokenKind::False) || peek(2).is(TokenKind::OpenBracket) ||
                 !ourValue(peek(2).text).empty() || !hintForValue(peek(2).text).empty();
  if (!isValue)
    return false;
  failed = true;
  diagnostics.report(diag::unexpectedToken, peek(1).range(), {"`=` between a parameter's name and its value", quoted(":")})
      .fix(peek(1).range(), " =");
  return true;
}

/// `nn.relu(x)`, `x.relu()`, `x.shape`: names have no members.
bool ExpressionParser::reportMember(const Token &before) {
  if (!isAt(TokenKind::Dot) || peek().startsLine)
    return false;
  llvm::StringRef hint = hintForWord(before.text);
  std::string piped = "operations follow their value by `|>`: `" + before.text.take_front(40).str() + " |> relu`";
  if (hint.empty() && (peek(1).text == "shape" || peek(1).text == "size"))
    hint = "a tensor's sizes are `channels(x)`, `height(x)` and `width(x)`";
  unexpected("an operator or the next statement", nullptr, hint.empty() ? piped : hint);
  return true;
}

/// `x if c else y`: a statement `if` would have a brace before its `else`.
bool ExpressionParser::reportLateCondition() {
  if (!isAt(TokenKind::If) || peek().startsLine || failed)
    return false;
  for (size_t ahead = 1; !peek(ahead).startsLine && !peek(ahead).is(TokenKind::OpenBrace); ++ahead) {
    if (peek(ahead).is(TokenKind::EndOfFile))
      return false;
    if (peek(ahead).is(TokenKind::Else)) {
      unexpected("an operator or the next statement", nullptr, "a choice is written `if condition then a else b`");
      return true;
    }
  }
  return false;
}

/// `pad = "same"`, `mode = "bilinear"`: arguments are numbers, truths, names and tensors.
bool ExpressionParser::reportTextArgument() {
  if (!isAt(TokenKind::Text) || labelLength() || failed)
    return false;
  llvm::StringRef text = textValue(peek()), hint = hintForValue(text);
  if (hint.empty())
    hint = "no argument is a text: a choice is a name without quotes";
  unexpected("an expression", nullptr, hint);
  return true;
}

static bool isArithmetic(TokenKind kind) {
  static constexpr TokenKind operators[] = {TokenKind::Plus, TokenKind::Minus, TokenKind::Star, TokenKind::Slash,
                                            TokenKind::Percent};
  return llvm::is_contained(operators, kind);
}

bool StatementParser::startsMistyped() const {
  return peek().startsLine && isAt(TokenKind::Name) && (peek(1).is(TokenKind::Colon) || isArithmetic(peek(1).kind)) &&
         peek(2).is(TokenKind::Assign);
}

/// `let y = x`, `int y = x`: is read as what stands behind the word.
void StatementParser::passDeclarator() {
  llvm::StringRef hint = hintForWord(peek().text);
  if (hint.empty() || failed || !peek(1).is(TokenKind::Name) || peek(1).startsLine || !peek(2).is(TokenKind::Assign))
    return;
  diagnostics.report(diag::unexpectedToken, peek(1).range(), {"`=`: a statement gives a value a name", quoted(peek(1).text)})
      .note(peek().range(), hint.str())
      .fix({peek().range().Start, peek(1).range().Start}, "");
  take();
}

/// `x += y`.
bool StatementParser::reportCompoundAssignment(const ast::Identifier &name) {
  if (!isArithmetic(peek().kind) || !peek(1).is(TokenKind::Assign))
    return false;
  std::string shown = name.text.take_front(40).str(), op = peek().text.str();
  unexpected("`=`: a statement gives a value a name", nullptr, "write `" + shown + " = " + shown + " " + op + " ...`");
  return true;
}

/// `if c: y = x`, also over several lines: no brace before the line's end, but a colon.
bool StatementParser::reportColonBody() {
  const Token *colon = nullptr;
  for (size_t ahead = 0; ahead == 0 || !peek(ahead).startsLine; ++ahead) {
    if (peek(ahead).is(TokenKind::OpenBrace))
      return false;
    if (peek(ahead).is(TokenKind::EndOfFile))
      break;
    if (!colon && peek(ahead).is(TokenKind::Colon))
      colon = &peek(ahead);
  }
  if (!colon || failed)
    return false;
  failed = colonBodies = true;
  diagnostics.report(diag::unexpectedToken, colon->range(), {describe(TokenKind::OpenBrace).str(), quoted(":")})
      .note(colon->range(), "a body stands in braces: `if classes > 3 { ... } else { ... }`");
  return true;
}
