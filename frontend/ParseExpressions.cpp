// The expression half of the parser, by recursive descent; a chain of operators of one precedence is one loop and one node.
#include "frontend/ParserBase.h"

#include <cmath>

using namespace skip::frontend;
using ast::Expr;

/// Rule expr-1: expr = conditional { "|>" stage }.
Expr *ExpressionParser::parseExpr() {
  Nesting nesting(*this);
  llvm::SMLoc start = peek().range().Start;
  if (nesting.tooDeep())
    return errorExpr(start);
  Expr *first = parseConditional();
  if (!isAt(TokenKind::Pipe))
    return reportLateCondition() ? errorExpr(start) : first;
  llvm::SmallVector<ast::CallExpr *> stages;
  while (accept(TokenKind::Pipe)) {
    ast::CallExpr *stage = parseCall(/*piped=*/true);
    if (!stage)
      return errorExpr(start);
    stages.push_back(stage);
  }
  ast::PipeExpr pipe{};
  pipe.first = first;
  pipe.stages = arena.copy(llvm::ArrayRef<ast::CallExpr *>(stages));
  return node(pipe, Expr::Kind::Pipe, from(start));
}

/// Rule expr-2: conditional = "if" chain "then" expr "else" expr | chain.
Expr *ExpressionParser::parseConditional() {
  llvm::SMLoc start = peek().range().Start;
  if (labelLength() || !accept(TokenKind::If))
    return parseChain(0);
  ast::ConditionalExpr conditional{};
  conditional.condition = parseChain(0);
  if (!expect(TokenKind::Then))
    return errorExpr(start);
  conditional.yes = parseExpr();
  if (!expect(TokenKind::Else))
    return errorExpr(start);
  conditional.no = parseExpr();
  return node(conditional, Expr::Kind::Conditional, from(start));
}

/// Operators by precedence, the loosest first (rule expr-3); `not` stands between `and` and the comparisons.
static bool isOperator(TokenKind kind, unsigned level) {
  switch (level) {
  case 0:
    return kind == TokenKind::Or;
  case 1:
    return kind == TokenKind::And;
  case 2:
    return kind == TokenKind::Equal || kind == TokenKind::NotEqual || kind == TokenKind::Less || kind == TokenKind::LessEqual ||
           kind == TokenKind::Greater || kind == TokenKind::GreaterEqual;
  case 3:
    return kind == TokenKind::Plus || kind == TokenKind::Minus;
  default:
    return kind == TokenKind::Star || kind == TokenKind::Slash || kind == TokenKind::Percent;
  }
}

Expr *ExpressionParser::parseChain(unsigned level) {
  constexpr unsigned comparisons = 2, tightest = 4;
  llvm::SMLoc start = peek().range().Start;
  if (level == comparisons && isAt(TokenKind::Not) && !labelLength()) {
    Nesting nesting(*this);
    if (nesting.tooDeep())
      return errorExpr(start);
    ast::UnaryExpr unary{};
    unary.op = take().kind;
    unary.operand = parseChain(level);
    return node(unary, Expr::Kind::Unary, from(start));
  }
  auto parseOperand = [&] { return level == tightest ? parseUnary() : parseChain(level + 1); };
  Expr *first = parseOperand();
  llvm::SmallVector<ast::Term, 4> terms;
  while (isOperator(peek().kind, level)) {
    Token op = take();
    // Rule expr-4: comparisons do not chain, since `a < b < c` means different things to different readers.
    if (level == comparisons && !terms.empty() && !failed) {
      failed = true;
      diagnostics.report(diag::chainedComparison, op.range(), {op.text.str()});
    }
    terms.push_back({op.kind, op.range(), parseOperand()});
  }
  if (terms.empty())
    return first;
  ast::ChainExpr chain{};
  chain.first = first;
  chain.terms = arena.copy(llvm::ArrayRef<ast::Term>(terms));
  return node(chain, Expr::Kind::Chain, from(start));
}

Expr *ExpressionParser::parseUnary() {
  if (!isAt(TokenKind::Minus))
    return parsePrimary();
  Nesting nesting(*this);
  llvm::SMLoc start = peek().range().Start;
  if (nesting.tooDeep())
    return errorExpr(start);
  ast::UnaryExpr unary{};
  unary.op = take().kind;
  unary.operand = parseUnary();
  return node(unary, Expr::Kind::Unary, from(start));
}

Expr *ExpressionParser::parsePrimary() {
  llvm::SMLoc start = peek().range().Start;
  if (labelLength() || (isAt(TokenKind::Name) && peek(1).is(TokenKind::OpenParen))) {
    ast::CallExpr *call = parseCall(/*piped=*/false);
    return call ? call : errorExpr(start);
  }
  switch (peek().kind) {
  case TokenKind::Integer:
  case TokenKind::Real:
    return parseNumber();
  case TokenKind::True:
  case TokenKind::False: {
    ast::BooleanExpr boolean{};
    boolean.value = take().is(TokenKind::True);
    return node(boolean, Expr::Kind::Boolean, from(start));
  }
  case TokenKind::Name: {
    if (startsAssignment()) {
      unexpected("an expression");
      return errorExpr(start);
    }
    ast::NameExpr name{};
    Token token = take();
    if (reportMember(token))
      return errorExpr(start);
    name.name = token.text;
    return node(name, Expr::Kind::Name, from(start));
  }
  case TokenKind::OpenParen: {
    Token open = take();
    Expr *inner = parseExpr();
    if (isAt(TokenKind::Comma))
      unexpected(describe(TokenKind::CloseParen), &open, "a list stands in brackets: `[32, 32]`");
    expectClosing(TokenKind::CloseParen, open);
    return inner;
  }
  case TokenKind::OpenBracket:
    return parseList();
  case TokenKind::Star:
    unexpected("an expression", nullptr,
               at > 0 && tokens[at - 1].is(TokenKind::Star)
                   ? "a power is written out: `mul(x, x)` of tensors, `n * n` of numbers"
                   : "");
    return errorExpr(start);
  default:
    unexpected("an expression");
    return errorExpr(start);
  }
}

/// Rule expr-6: "[" expr { "," expr } "]".
Expr *ExpressionParser::parseList() {
  Nesting nesting(*this);
  llvm::SMLoc start = peek().range().Start;
  if (nesting.tooDeep())
    return errorExpr(start);
  Token open = take();
  llvm::SmallVector<Expr *, 4> elements;
  do
    elements.push_back(parseExpr());
  while (accept(TokenKind::Comma) && !isAt(TokenKind::CloseBracket) && !failed);
  limitCount(elements.size(), "elements");
  expectClosing(TokenKind::CloseBracket, open);
  ast::ListExpr list{};
  list.elements = arena.copy(llvm::ArrayRef<Expr *>(elements));
  return node(list, Expr::Kind::List, from(start));
}

Expr *ExpressionParser::parseNumber() {
  llvm::SMLoc start = peek().range().Start;
  Token token = take();
  bool tooLong = token.text.size() > longestNumber;
  if (token.is(TokenKind::Integer) && !tooLong) {
    ast::IntegerExpr integer{};
    if (!token.text.getAsInteger(10, integer.value))
      return node(integer, Expr::Kind::Integer, from(start));
  } else if (!tooLong) {
    ast::RealExpr real{};
    if (!token.text.getAsDouble(real.value) && std::isfinite(real.value))
      return node(real, Expr::Kind::Real, from(start));
  }
  // A malformed one has been reported by the lexer already; this one has too many digits.
  diagnostics.report(diag::malformedNumber, token.range(), {token.text.str()});
  return errorExpr(start);
}

/// The number of tokens of a label and its colon (rule label-1: NAME, KEYWORD, NUMBER or TEXT, joined by dots), or 0.
size_t ExpressionParser::labelLength() const {
  auto isPart = [&](size_t i) {
    return peek(i).is(TokenKind::Name) || peek(i).is(TokenKind::Integer) || peek(i).is(TokenKind::Real) ||
           isKeyword(peek(i).kind) || (peek(i).is(TokenKind::Text) && peek(i).text.size() > 2);
  };
  size_t length = 0;
  while (isPart(length)) {
    if (peek(length + 1).is(TokenKind::Colon))
      return length + 2;
    if (!peek(length + 1).is(TokenKind::Dot))
      return 0;
    length += 2;
  }
  return 0;
}

ast::Identifier ExpressionParser::parseLabel() {
  size_t length = labelLength();
  if (!length)
    return {};
  llvm::SMLoc start = peek().range().Start;
  std::string text;
  for (size_t i = 0; i + 1 < length; ++i) {
    Token part = take();
    text += part.is(TokenKind::Text) ? textValue(part) : part.text;
  }
  llvm::SMRange range = from(start);
  take();
  if (text.size() > limits.nameLength && !failed) {
    failed = true;
    diagnostics.report(diag::nameTooLong, range, {std::to_string(limits.nameLength)});
  }
  // Blanks and comments inside a label are no part of it, hence a text of its own.
  return {arena.save(text), range};
}

ast::CallExpr *ExpressionParser::parseCall(bool piped) {
  llvm::SMLoc start = peek().range().Start;
  ast::CallExpr call{};
  call.piped = piped;
  call.ownName = isAt(TokenKind::Name) && peek().text == "_" && peek(1).is(TokenKind::Colon);
  call.label = parseLabel();
  if (startsAssignment()) {
    unexpected("an operation or a block");
    return nullptr;
  }
  call.callee = expectName(piped || !call.label.text.empty() ? "an operation or a block" : "an expression");
  if (call.callee.text.empty() || reportMember(tokens[at - 1]))
    return nullptr;
  if (isAt(TokenKind::OpenParen))
    call.arguments = parseArguments();
  else if (!piped)
    unexpected("`(`");
  return node(call, Expr::Kind::Call, from(start));
}

llvm::ArrayRef<ast::Argument> ExpressionParser::parseArguments() {
  Token open = take();
  llvm::SmallVector<ast::Argument, 4> arguments;
  while (!isAt(TokenKind::CloseParen) && !failed) {
    ast::Argument argument{};
    if (isAt(TokenKind::Name) && peek(1).is(TokenKind::Assign)) {
      argument.keyword = expectName("a name");
      take();
    }
    if (reportColon() || reportTextArgument())
      break;
    argument.value = parseExpr();
    bool afterKeyword = !arguments.empty() && !arguments.back().keyword.text.empty();
    if (argument.keyword.text.empty() && afterKeyword && !failed)
      diagnostics.report(diag::positionalAfterKeyword, argument.value->range);
    else
      arguments.push_back(argument);
    if (!accept(TokenKind::Comma))
      break;
  }
  expectClosing(TokenKind::CloseParen, open);
  return arena.copy(llvm::ArrayRef<ast::Argument>(arguments));
}
