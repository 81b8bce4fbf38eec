// Variables: where they lie, their types and sizes, what they hold at first.
#include "emulator/ptx/Parser.h"

#include "emulator/ptx/Printed.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace skip::emulator {
namespace {

constexpr uint64_t kMostBytes = uint64_t(1) << 40; // of one variable
constexpr int kMostDepth = 64;

} // namespace

Space Parser::spaceOf(std::string_view directive) {
  if (directive == ".global")
    return Space::global;
  if (directive == ".const")
    return Space::constant;
  if (directive == ".shared")
    return Space::shared;
  if (directive == ".local")
    return Space::local;
  return directive == ".param" ? Space::param : Space::registers;
}

/// Behind its space: `.align 16 .b8 name[4][8] = {...}`.
Variable Parser::variable(Space space, bool isExtern) {
  Variable made;
  made.space = space;
  made.isExtern = isExtern;
  made.line = token.line;
  uint64_t alignment = 0, lanes = 1;
  made.type = Type::none;
  while (token.kind == Token::Kind::dotted) {
    std::string_view word = token.text;
    advance();
    if (word == ".align") {
      alignment = takeInteger("an alignment", 1 << 20);
    } else if (word == ".v2" || word == ".v4") {
      lanes = word == ".v2" ? 2 : 4;
    } else if (word == ".ptr" || spaceOf(word) != Space::registers) {
      continue; // what a pointer that is a parameter points to: `.ptr .global .align 16`, and that alignment is not its own
    } else if (typeOf(word.substr(1)) != Type::none && made.type == Type::none) {
      made.type = typeOf(word.substr(1));
    } else {
      fail("`" + printed(word) + "` is not known of a variable");
    }
    if (word == ".align" && made.type != Type::none)
      alignment = 0;
  }
  if (made.type == Type::none || made.type == Type::pred)
    fail("a type is expected, not `" + printed(token.text) + "`");
  made.name = takeName("a name");
  made.bytes = bytesOf(made.type) * lanes;
  if (alignment & (alignment - 1))
    fail("an alignment of " + std::to_string(alignment) + ", which is no power of two");
  made.alignment = static_cast<uint32_t>(std::max(alignment, made.bytes));
  if (alignment)
    made.alignment = static_cast<uint32_t>(alignment);
  dimensions(made);
  if (take("="))
    initializer(made);
  return made;
}

void Parser::dimensions(Variable &made) {
  while (take("[")) {
    if (at("]")) {
      made.isUnsized = true;
      made.bytes = 0;
    } else {
      uint64_t count = takeInteger("a number of elements", kMostBytes);
      if (made.bytes && count > kMostBytes / made.bytes)
        fail("`" + printed(made.name) + "` is larger than any memory");
      made.bytes *= count;
    }
    expect("]");
  }
}

void Parser::initializer(Variable &made) {
  if (made.space != Space::global && made.space != Space::constant)
    fail("only variables of .global and .const have initial values");
  if (made.isUnsized)
    made.bytes = kMostBytes; // until they are counted
  initialElement(made, 0);
  if (made.isUnsized)
    made.bytes = made.initial.size();
  made.isUnsized = false;
}

void Parser::initialElement(Variable &made, int depth) {
  if (depth > kMostDepth)
    fail("too many braces within each other");
  if (take("{")) {
    while (!at("}")) {
      initialElement(made, depth + 1);
      if (!take(","))
        break;
    }
    return expect("}");
  }
  uint32_t bytes = bytesOf(made.type);
  if (made.initial.size() + bytes > made.bytes)
    fail("more initial values than `" + printed(made.name) + "` has elements");
  uint64_t bits = 0;
  if (token.kind == Token::Kind::real) {
    bits = token.bits;
    if (made.type == Type::f32 && token.isDouble)
      bits = std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(token.bits)));
    advance();
  } else if (token.kind == Token::Kind::word) {
    initialAddress(made);
  } else {
    bits = static_cast<uint64_t>(takeSigned());
  }
  size_t offset = made.initial.size();
  made.initial.resize(offset + bytes);
  std::memcpy(made.initial.data() + offset, &bits, std::min<size_t>(bytes, 8));
}

void Parser::initialAddress(Variable &made) {
  if (bytesOf(made.type) != 8)
    fail("an address takes 64 bits");
  int line = token.line;
  std::string_view name = takeName("a name");
  if (name == "generic") {
    expect("(");
    name = takeName("a name");
    expect(")");
  }
  int64_t addend = take("+") ? takeSigned() : 0;
  made.addresses.push_back({made.initial.size(), std::string(name), addend, line});
}

} // namespace skip::emulator
