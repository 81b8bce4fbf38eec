// Text to tokens.
#pragma once

#include "frontend/Diagnostics.h"

#include "llvm/ADT/StringRef.h"

#include <vector>

namespace skip::frontend {

enum class TokenKind {
#define TOKEN(kind, description) kind,
#include "frontend/Tokens.def"
};

/// What a message calls such a token.
llvm::StringRef describe(TokenKind kind);

/// Whether it is a word of the language: a name everywhere else than in a label.
bool isKeyword(TokenKind kind);

struct Token {
  TokenKind kind;
  llvm::StringRef text;    ///< as written, with its quotes if it is a text
  bool startsLine = false; ///< the first on its line: where a statement may begin

  bool is(TokenKind other) const { return kind == other; }
  llvm::SMRange range() const { return {llvm::SMLoc::getFromPointer(text.begin()), llvm::SMLoc::getFromPointer(text.end())}; }
};

/// Longer spellings of numbers are refused, for the sake of time.
inline constexpr size_t longestNumber = 64;

/// All tokens of `text`, the last of them EndOfFile. Bytes that start no token are reported.
std::vector<Token> lex(llvm::StringRef text, Diagnostics &diagnostics);

} // namespace skip::frontend
