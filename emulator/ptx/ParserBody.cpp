#include "emulator/ptx/Parser.h"

#include "emulator/ptx/Printed.h"

namespace skip::emulator {
namespace {

constexpr int kMostDepth = 200;      // of blocks
constexpr int kMostOperandDepth = 4; // of brackets in operands
constexpr size_t kMostParts = 512;   // of a list of operands

} // namespace

void Parser::body(Function &made) {
  Scopes names(made);
  function = &made;
  scopes = &names;
  names.open();
  for (const Variable *variable : made.results)
    names.declareVariable(*variable, made.line);
  for (const Variable *variable : made.parameters)
    names.declareVariable(*variable, made.line);
  expect("{");
  names.open();
  for (depth = 1; depth > 0;)
    bodyItem();
  names.close();
  function = nullptr;
  scopes = nullptr;
}

void Parser::bodyItem() {
  if (token.kind == Token::Kind::end)
    fail("`}` is expected: the function does not end");
  if (take("{")) {
    if (++depth > kMostDepth)
      fail("too many blocks within each other");
    return scopes->open();
  }
  if (at("}")) {
    --depth;
    scopes->close();
    return advance();
  }
  if (take(";"))
    return;
  if (token.kind == Token::Kind::dotted)
    return bodyDirective();
  if (token.kind == Token::Kind::word && ahead.is(":")) {
    std::string_view name = token.text;
    int line = token.line;
    advance();
    advance();
    return label(name, line);
  }
  statement();
}

void Parser::label(std::string_view name, int line) {
  if (!take(".branchtargets"))
    return scopes->declareLabel(name, static_cast<uint32_t>(function->statements.size()), line);
  std::vector<std::string_view> labels;
  do {
    labels.push_back(takeName("a label"));
  } while (take(","));
  expect(";");
  scopes->declareTargets(name, std::move(labels), line);
}

void Parser::bodyDirective() {
  if (at(".loc") || at(".file"))
    return skipLine();
  if (take(".pragma")) {
    advance();
    return expect(";");
  }
  if (take(".section")) {
    advance();
    return skipBlock();
  }
  if (take(".reg"))
    return declareRegisters();
  bool isExtern = take(".extern");
  for (auto [name, space] : {std::pair{".local", Space::local},
                             {".shared", Space::shared},
                             {".param", Space::param},
                             {".global", Space::global},
                             {".const", Space::constant}})
    if (take(name))
      return declareInBody(space, isExtern);
  fail("`" + printed(token.text) + "` is not known in a function");
}

void Parser::declareRegisters() {
  if (token.kind != Token::Kind::dotted)
    fail("a register's type is expected, not `" + printed(token.text) + "`");
  Type type = typeOf(token.text.substr(1));
  if (type == Type::none || type == Type::b128 || (bytesOf(type) == 0 && type != Type::pred))
    fail("registers of `" + printed(token.text) + "` are not supported");
  advance();
  do {
    int line = token.line;
    std::string_view name = takeName("a register's name");
    if (take("<")) {
      scopes->declareRange(name, takeInteger("a number of registers", ~uint32_t(0)), type, line);
      expect(">");
    } else {
      scopes->declareRegister(name, type, line);
    }
  } while (take(","));
  expect(";");
}

void Parser::declareInBody(Space space, bool isExtern) {
  do {
    Variable made = variable(space, isExtern);
    int line = made.line;
    if (made.isUnsized && space != Space::shared)
      fail("`" + printed(made.name) + "` has no size");
    function->variables.push_back(std::move(made));
    scopes->declareVariable(function->variables.back(), line);
  } while (take(","));
  expect(";");
}

std::string_view Parser::opcode() {
  const char *begin = token.text.data();
  takeName("an instruction");
  while (token.kind == Token::Kind::dotted && token.touches)
    advance();
  return {begin, static_cast<size_t>(lastEnd - begin)};
}

void Parser::statement() {
  function->statements.emplace_back();
  auto made = [&]() -> Statement & { return function->statements.back(); };
  made().line = token.line;
  const char *begin = token.text.data();
  if (take("@")) {
    made().guarded = true;
    made().guardNegated = take("!");
    std::string_view name = takeName("a predicate");
    auto found = scopes->findRegister(name);
    if (!found || function->registers[*found].type != Type::pred)
      fail("`" + printed(name) + "` is no predicate that is declared here");
    made().guard = *found;
  }
  made().opcode = opcode();
  while (!at(";")) {
    Operand next = operand();
    made().operands.push_back(std::move(next));
    if (made().operands.size() > kMostParts)
      fail("too many operands");
    if (!take(","))
      break;
  }
  if (!at(";"))
    expect(";");
  made().text = {begin, static_cast<size_t>(lastEnd - begin)};
  advance();
}

bool Parser::isJump() const {
  std::string_view name = function->statements.back().opcode;
  return name.starts_with("bra") || name.starts_with("brx");
}

Operand Parser::operand(int nesting) {
  if (nesting > kMostOperandDepth)
    fail("too many brackets within each other");
  Operand made;
  if (take("[")) {
    made = memory(nesting);
  } else if (take("{")) {
    made.kind = Operand::Kind::vector;
    made.parts = listed("}", nesting);
  } else if (take("(")) {
    made.kind = Operand::Kind::list;
    made.parts = listed(")", nesting);
  } else if (take("!")) {
    made = operand(nesting + 1);
    made.negated = true;
    if (made.kind != Operand::Kind::reg)
      fail("`!` stands in front of a predicate");
  } else if (token.kind == Token::Kind::real) {
    made.kind = Operand::Kind::real;
    made.bits = token.bits;
    made.isDouble = token.isDouble;
    advance();
  } else if (token.kind == Token::Kind::word) {
    made = named();
  } else if (at("-") && ahead.kind == Token::Kind::real) {
    advance();
    made = operand(nesting + 1);
    made.bits ^= made.isDouble ? uint64_t(1) << 63 : uint64_t(1) << 31;
  } else {
    made.value = takeSigned();
  }
  if (nesting == 0 && take("|")) {
    Operand both;
    both.kind = Operand::Kind::pair;
    both.parts.push_back(std::move(made));
    both.parts.push_back(operand(nesting + 1));
    return both;
  }
  return made;
}

std::vector<Operand> Parser::listed(std::string_view close, int nesting) {
  std::vector<Operand> parts;
  while (!at(close)) {
    parts.push_back(operand(nesting + 1));
    if (parts.size() > kMostParts)
      fail("a list that is too long");
    if (!take(","))
      break;
  }
  expect(close);
  return parts;
}

/// A word, with what is added to it: `%r1`, `%tid.x`, `smem+1024`, `$L__BB0_1`.
Operand Parser::named() {
  Operand made;
  const char *begin = token.text.data();
  int line = token.line;
  std::string_view name = takeName("a name");
  if (name == "_") {
    made.kind = Operand::Kind::sink;
    return made;
  }
  if (name == "WARP_SZ") {
    made.value = 32;
    return made;
  }
  if (auto found = scopes->findRegister(name)) {
    made.kind = Operand::Kind::reg;
    made.index = *found;
  } else if (name[0] == '%') {
    made.kind = Operand::Kind::special;
    if (token.kind == Token::Kind::dotted && token.touches)
      advance();
    made.name = {begin, static_cast<size_t>(lastEnd - begin)};
    return made;
  } else {
    made.variable = scopes->findVariable(name);
    if (auto found = moduleVariables.find(name); !made.variable && found != moduleVariables.end())
      made.variable = found->second;
    made.kind = Operand::Kind::variable;
    made.name = name;
    if (!made.variable && isJump()) {
      made.kind = Operand::Kind::label;
      scopes->useLabel(name, static_cast<uint32_t>(function->statements.size() - 1),
                       static_cast<uint32_t>(function->statements.back().operands.size()), line);
    } else if (!made.variable) {
      if (!function->statements.back().opcode.starts_with("call"))
        throw PtxError{line, "`" + printed(name) + "` names nothing that is declared here"};
      made.kind = Operand::Kind::function;
    }
  }
  if (take("+"))
    made.value = takeSigned();
  else if (at("-") && made.kind == Operand::Kind::variable)
    made.value = takeSigned();
  return made;
}

/// Behind `[`: a base with a displacement, and for tensors coordinates.
Operand Parser::memory(int nesting) {
  Operand made;
  made.kind = Operand::Kind::memory;
  made.parts.push_back(operand(nesting + 1));
  Operand &base = made.parts.front();
  made.value = base.value;
  if (base.kind == Operand::Kind::reg || base.kind == Operand::Kind::variable)
    base.value = 0;
  else if (base.kind != Operand::Kind::integer)
    fail("an address is a register, a variable or a number");
  if (take(",")) {
    expect("{");
    Operand coordinates;
    coordinates.kind = Operand::Kind::vector;
    coordinates.parts = listed("}", nesting + 1);
    made.parts.push_back(std::move(coordinates));
  }
  expect("]");
  return made;
}

} // namespace skip::emulator
