// Cuts a text into tokens. Rule lex-1: names, numbers, texts and symbols, longest first; lex-2: blanks, line ends and `//`
// comments separate them.
#include "frontend/Lexer.h"

#include "frontend/Habits.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace skip::frontend;

llvm::StringRef skip::frontend::describe(TokenKind kind) {
  switch (kind) {
#define TOKEN(kind, description)                                                                                               \
  case TokenKind::kind:                                                                                                        \
    return description;
#include "frontend/Tokens.def"
  }
  return "";
}

bool skip::frontend::isKeyword(TokenKind kind) {
  switch (kind) {
#define KEYWORD(kind, spelling) case TokenKind::kind:
#include "frontend/Tokens.def"
    return true;
  default:
    return false;
  }
}

static TokenKind classifyWord(llvm::StringRef word) {
  return llvm::StringSwitch<TokenKind>(word)
#define KEYWORD(kind, spelling) .Case(spelling, TokenKind::kind)
#include "frontend/Tokens.def"
      .Default(TokenKind::Name);
}

namespace {

class Lexer {
public:
  Lexer(llvm::StringRef text, Diagnostics &diagnostics) : rest(text), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    rest.consume_front("\xef\xbb\xbf"); // a byte order mark, as some editors put it
    while (skipBlanks())
      lexToken();
    add(TokenKind::EndOfFile, 0);
    return std::move(tokens);
  }

private:
  bool skipBlanks() {
    while (!rest.empty()) {
      if (rest.front() == '\n')
        startsLine = true;
      if (rest.starts_with("//"))
        rest = rest.drop_until([](char c) { return c == '\n'; });
      else if (llvm::isSpace(rest.front()))
        rest = rest.drop_front();
      else
        return true;
    }
    return false;
  }

  void add(TokenKind kind, size_t length) {
    tokens.push_back({kind, rest.take_front(length), startsLine});
    startsLine = false;
    rest = rest.drop_front(length);
  }

  void lexToken() {
    char c = rest.front();
    if (llvm::isAlpha(c) || c == '_') {
      llvm::StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
      return add(classifyWord(word), word.size());
    }
    if (llvm::isDigit(c))
      return lexNumber();
    if (c == '"')
      return lexText();
    lexSymbol();
  }

  size_t digitsFrom(size_t at) const {
    size_t end = at;
    while (end < rest.size() && llvm::isDigit(rest[end]))
      ++end;
    return end;
  }

  void lexNumber() {
    size_t end = digitsFrom(0);
    TokenKind kind = TokenKind::Integer;
    if (end + 1 < rest.size() && rest[end] == '.' && llvm::isDigit(rest[end + 1])) {
      end = digitsFrom(end + 1);
      kind = TokenKind::Real;
    }
    if (size_t exponent = exponentEnd(end); exponent != end) {
      end = exponent;
      kind = TokenKind::Real;
    }
    size_t wordEnd = end;
    while (wordEnd < rest.size() && (llvm::isAlnum(rest[wordEnd]) || rest[wordEnd] == '_'))
      ++wordEnd;
    if (wordEnd != end || end > longestNumber) {
      diagnostics.report(diag::malformedNumber, rangeOf(wordEnd), {rest.take_front(wordEnd).str()});
      end = wordEnd;
    }
    add(kind, end);
  }

  size_t exponentEnd(size_t at) const {
    if (at >= rest.size() || (rest[at] != 'e' && rest[at] != 'E'))
      return at;
    size_t digits = at + 1;
    if (digits < rest.size() && (rest[digits] == '-' || rest[digits] == '+'))
      ++digits;
    size_t end = digitsFrom(digits);
    return end == digits ? at : end;
  }

  void lexText() {
    size_t end = 1;
    while (end < rest.size() && rest[end] != '"' && rest[end] != '\n')
      end += rest[end] == '\\' && end + 1 < rest.size() && rest[end + 1] != '\n' ? 2 : 1;
    if (end < rest.size() && rest[end] == '"')
      return add(TokenKind::Text, end + 1);
    diagnostics.report(diag::unclosedText, rangeOf(1));
    add(TokenKind::Text, end);
  }

  /// Is read as the text that it is meant to be.
  void lexSingleQuoted(size_t length) {
    llvm::StringRef body = rest.slice(1, length - 1);
    Report report = diagnostics.report(diag::unexpectedCharacter, rangeOf(1), {shown("'")});
    report.note(rangeOf(length), "a text stands in double quotes");
    if (!body.contains('"') && !body.contains('\\'))
      report.fix(rangeOf(length), ("\"" + body + "\"").str());
    add(TokenKind::Text, length);
  }

  /// `/* ... */`.
  void passBlockComment() {
    size_t end = rest.find("*/", 2), length = end == rest.npos ? rest.size() : end + 2;
    diagnostics.report(diag::unexpectedCharacter, rangeOf(2), {shown("/*")})
        .note(rangeOf(2), "a comment begins with `//` and ends with its line");
    rest = rest.drop_front(length);
  }

  void lexSymbol() {
    if (rest.starts_with("/*"))
      return passBlockComment();
#define SYMBOL(kind, spelling)                                                                                                 \
  if (rest.starts_with(spelling))                                                                                              \
    return add(TokenKind::kind, sizeof(spelling) - 1);
#include "frontend/Tokens.def"
    if (rest.starts_with("#")) {
      diagnostics.report(diag::unexpectedCharacter, rangeOf(1), {shown("#")})
          .note(rangeOf(1), "a comment begins with `//`")
          .fix(rangeOf(1), "//");
      rest = rest.drop_until([](char c) { return c == '\n'; });
      return;
    }
    if (rest.starts_with(";")) {
      diagnostics.report(diag::unexpectedCharacter, rangeOf(1), {shown(";")})
          .note(rangeOf(1), "a statement ends with its line: nothing stands behind it")
          .fix(rangeOf(1), "");
      rest = rest.drop_front();
      return;
    }
    if (size_t end = rest.take_until([](char c) { return c == '\n'; }).find('\'', 1); rest.starts_with("'") && end != rest.npos)
      return lexSingleQuoted(end + 1);
    // One report for a run of such bytes: a binary file is one mistake.
    llvm::StringRef run = rest.take_while([](char c) { return !llvm::isPrint(c) && !llvm::isSpace(c); });
    size_t length = run.empty() ? 1 : run.size();
    Report report = diagnostics.report(diag::unexpectedCharacter, rangeOf(length), {shown(rest.take_front(length))});
    if (rest.starts_with("'"))
      report.note(rangeOf(length), "a text stands in double quotes");
    if (llvm::StringRef hint = hintForSymbol(rest.front()); !hint.empty())
      report.note(rangeOf(length), hint.str());
    add(TokenKind::Unknown, length);
  }

  static std::string shown(llvm::StringRef bytes) {
    if (llvm::all_of(bytes.take_front(3), [](char c) { return llvm::isPrint(c); }) && bytes.size() <= 2)
      return skip::frontend::quoted(bytes);
    return "bytes 0x" + llvm::toHex(bytes.take_front(8)) + (bytes.size() > 8 ? "..." : "");
  }

  llvm::SMRange rangeOf(size_t length) const {
    return {llvm::SMLoc::getFromPointer(rest.begin()), llvm::SMLoc::getFromPointer(rest.begin() + length)};
  }

  llvm::StringRef rest;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  bool startsLine = true;
};

} // namespace

std::vector<Token> skip::frontend::lex(llvm::StringRef text, Diagnostics &diagnostics) {
  return Lexer(text, diagnostics).run();
}
