// Cuts PTX into tokens. A mnemonic is a word and the dotted words that touch it, so `ld.global.f32` is three tokens, and so is
// `%tid.x` two; the parser puts them together.
#pragma once

#include <cstdint>
#include <string_view>

namespace skip::emulator {

struct Token {
  enum class Kind : uint8_t {
    word,    // a name: %r1, $L__BB0_2, foo
    dotted,  // .global, .shared::cta, .2d
    integer, // its value in `bits`
    real,    // f32 or f64 bits in `bits`; `isDouble` tells which
    text,    // a string, with its quotes
    symbol,  // one character of punctuation
    end
  };
  Kind kind = Kind::end;
  std::string_view text;
  uint64_t bits = 0;
  bool isDouble = false;
  bool touches = false; // no space between it and the token before
  int line = 1;

  bool is(std::string_view what) const { return text == what && kind != Kind::text; }
};

class Lexer {
public:
  explicit Lexer(std::string_view source) : source(source) {}
  /// Throws PtxError at bytes that start no token.
  Token next();
  size_t offset() const { return at; }

private:
  void skipSpace();
  Token make(Token::Kind kind, size_t begin);
  Token number(size_t begin);
  Token hexFloat(size_t begin);
  Token decimalFloat(size_t begin);
  Token quoted(size_t begin);

  std::string_view source;
  size_t at = 0;
  int line = 1;
};

} // namespace skip::emulator
