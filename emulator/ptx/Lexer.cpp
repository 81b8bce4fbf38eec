#include "emulator/ptx/Lexer.h"

#include "emulator/Machine.h"
#include "emulator/ptx/Printed.h"

#include <bit>
#include <charconv>

namespace skip::emulator {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool isWord(char c) { return isLetter(c) || isDigit(c); }

int digitOf(char c) {
  if (isDigit(c))
    return c - '0';
  char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

} // namespace

void Lexer::skipSpace() {
  while (at < source.size()) {
    char c = source[at];
    if (c == '\n') {
      ++line;
      ++at;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
      ++at;
    } else if (source.substr(at, 2) == "//") {
      at = std::min(source.find('\n', at), source.size());
    } else if (source.substr(at, 2) == "/*") {
      size_t end = source.find("*/", at + 2);
      if (end == source.npos)
        throw PtxError{line, "a comment that does not end"};
      for (; at < end + 2; ++at)
        line += source[at] == '\n';
    } else {
      return;
    }
  }
}

Token Lexer::make(Token::Kind kind, size_t begin) {
  Token token;
  token.kind = kind;
  token.text = source.substr(begin, at - begin);
  token.line = line;
  return token;
}

Token Lexer::next() {
  size_t before = at;
  skipSpace();
  size_t begin = at;
  bool touches = before == begin;
  if (at >= source.size() || (source[at] == 0 && source.find_first_not_of('\0', at) == source.npos))
    return make(Token::Kind::end, begin);
  char c = source[at++];
  auto eat = [&](auto holds) {
    while (at < source.size() && holds(source[at]))
      ++at;
  };
  Token token;
  if (isLetter(c) || (c == '%' && at < source.size() && isLetter(source[at]))) {
    eat(isWord);
    token = make(Token::Kind::word, begin);
  } else if (c == '.' && at < source.size() && isWord(source[at])) {
    eat(isWord);
    while (source.substr(at, 2) == "::" && at + 2 < source.size() && isWord(source[at + 2])) {
      at += 2;
      eat(isWord);
    }
    token = make(Token::Kind::dotted, begin);
  } else if (isDigit(c)) {
    token = number(begin);
  } else if (c == '"') {
    token = quoted(begin);
  } else if (std::string_view("{}[]()<>,;:+-!|@=").find(c) != std::string_view::npos) {
    token = make(Token::Kind::symbol, begin);
  } else {
    throw PtxError{line, "`" + printed(source.substr(begin, 1)) + "` begins nothing that PTX knows"};
  }
  token.touches = touches;
  return token;
}

Token Lexer::quoted(size_t begin) {
  while (at < source.size() && source[at] != '"' && source[at] != '\n')
    at += source[at] == '\\' && at + 1 < source.size() && source[at + 1] != '\n' ? 2 : 1;
  if (at >= source.size() || source[at] != '"')
    throw PtxError{line, "a string that does not end on its line"};
  ++at;
  return make(Token::Kind::text, begin);
}

/// `0f3F800000` and `0d3FF0000000000000` are the bits of a number.
Token Lexer::hexFloat(size_t begin) {
  size_t digits = (source[at] | 0x20) == 'f' ? 8 : 16;
  ++at;
  uint64_t bits = 0;
  for (size_t i = 0; i < digits; ++i, ++at) {
    int digit = at < source.size() ? digitOf(source[at]) : 99;
    if (digit > 15)
      throw PtxError{line, "a number in bits wants " + std::to_string(digits) + " hexadecimal digits"};
    bits = bits << 4 | static_cast<uint64_t>(digit);
  }
  Token token = make(Token::Kind::real, begin);
  token.bits = bits;
  token.isDouble = digits == 16;
  return token;
}

Token Lexer::decimalFloat(size_t begin) {
  while (at < source.size() && (isDigit(source[at]) || source[at] == '.' || (source[at] | 0x20) == 'e' ||
                                ((source[at] == '-' || source[at] == '+') && (source[at - 1] | 0x20) == 'e')))
    ++at;
  double value = 0;
  auto [end, error] = std::from_chars(source.data() + begin, source.data() + at, value);
  if (error != std::errc() || end != source.data() + at)
    throw PtxError{line, "`" + printed(source.substr(begin, at - begin)) + "` is no number"};
  Token token = make(Token::Kind::real, begin);
  token.bits = std::bit_cast<uint64_t>(value);
  token.isDouble = true;
  return token;
}

Token Lexer::number(size_t begin) {
  char second = at < source.size() ? static_cast<char>(source[at] | 0x20) : '\0';
  if (source[begin] == '0' && (second == 'f' || second == 'd'))
    return hexFloat(begin);
  int base = 10;
  if (source[begin] == '0' && (second == 'x' || second == 'b')) {
    base = second == 'x' ? 16 : 2;
    ++at;
  } else {
    at = begin;
    if (source[begin] == '0' && isDigit(second))
      base = 8;
  }
  uint64_t value = 0;
  size_t first = at;
  for (; at < source.size() && digitOf(source[at]) < base; ++at) {
    uint64_t digit = static_cast<uint64_t>(digitOf(source[at]));
    if (value > (~uint64_t(0) - digit) / static_cast<uint64_t>(base))
      throw PtxError{line, "a number of more than 64 bits"};
    value = value * static_cast<uint64_t>(base) + digit;
  }
  if (at < source.size() && base != 16 && (source[at] == '.' || (source[at] | 0x20) == 'e')) {
    at = begin;
    return decimalFloat(begin);
  }
  if (at == first || (at < source.size() && isWord(source[at]) && source[at] != 'U'))
    throw PtxError{line, "`" + printed(source.substr(begin, at + 1 - begin)) + "` is no number"};
  if (at < source.size() && source[at] == 'U')
    ++at;
  Token token = make(Token::Kind::integer, begin);
  token.bits = value;
  return token;
}

} // namespace skip::emulator
