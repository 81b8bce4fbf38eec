// What the parser's two halves, expressions and statements, share: the token cursor, errors and recovery.
#pragma once

#include "frontend/Parser.h"

namespace skip::frontend {

class ExpressionParser {
public:
  ExpressionParser(llvm::ArrayRef<Token> tokens, ast::Arena &arena, const Limits &limits, Diagnostics &diagnostics)
      : tokens(tokens), arena(arena), limits(limits), diagnostics(diagnostics) {}

protected:
  const Token &peek(size_t ahead = 0) const { return tokens[std::min(at + ahead, tokens.size() - 1)]; }
  bool isAt(TokenKind kind) const { return peek().is(kind); }
  Token take();
  bool accept(TokenKind kind);
  /// Takes a token of `kind` or reports what stands there instead of `wanted` (by default the kind's own name).
  bool expect(TokenKind kind, llvm::StringRef wanted = {});
  /// `expect` for a closing bracket: the error has a note at the opening one.
  bool expectClosing(TokenKind kind, const Token &open);
  ast::Identifier expectName(llvm::StringRef wanted);
  /// From `start` to the end of the last token; empty when that stands before it, as where an expression is missing.
  llvm::SMRange from(llvm::SMLoc start) const {
    return {start, llvm::SMLoc::getFromPointer(std::max(start.getPointer(), lastEnd))};
  }
  /// `hint`: what to write, where more is known than the words on both sides tell.
  void unexpected(llvm::StringRef wanted, const Token *open = nullptr, llvm::StringRef hint = {});
  /// `name =` at the start of a line: the next statement, not a part of this one.
  bool startsAssignment() const { return peek().startsLine && isAt(TokenKind::Name) && peek(1).is(TokenKind::Assign); }
  /// Reports after the element that makes them more than Limits::parameters of `what`.
  void limitCount(size_t count, llvm::StringRef what);

  ast::Expr *parseExpr();
  llvm::StringRef textValue(const Token &token);

  template <typename T> T *node(T value, ast::Expr::Kind kind, llvm::SMRange range) {
    value.kind = kind;
    value.range = range;
    return arena.make(value);
  }
  ast::Expr *errorExpr(llvm::SMLoc start) { return node(ast::ErrorExpr{}, ast::Expr::Kind::Error, from(start)); }

  /// Counts one level of nesting while it lives; false when that is one too many, which has then been reported.
  struct Nesting {
    explicit Nesting(ExpressionParser &parser) : parser(parser) { ++parser.depth; }
    ~Nesting() { --parser.depth; }
    bool tooDeep();
    ExpressionParser &parser;
  };

  llvm::ArrayRef<Token> tokens;
  size_t at = 0;
  const char *lastEnd = nullptr;
  unsigned depth = 0;
  /// Set by an error and cleared by recovery: no further error is reported meanwhile.
  bool failed = false;
  ast::Arena &arena;
  const Limits &limits;
  Diagnostics &diagnostics;

  /// An expression without `|>` and conditionals around it, for level 0.
  ast::Expr *parseChain(unsigned level);
  size_t labelLength() const;

private:
  ast::Expr *parseConditional();
  ast::Expr *parseUnary();
  ast::Expr *parsePrimary();
  ast::Expr *parseNumber();
  ast::Expr *parseList();
  ast::CallExpr *parseCall(bool piped);
  ast::Identifier parseLabel();
  llvm::ArrayRef<ast::Argument> parseArguments();

  // Ways of other languages, in ParseHabits.cpp: whether there was one, which then has been reported.
  bool reportColon();
  bool reportMember(const Token &before);
  bool reportLateCondition();
  bool reportTextArgument();
};

} // namespace skip::frontend
