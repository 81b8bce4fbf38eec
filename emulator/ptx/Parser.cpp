#include "emulator/ptx/Parser.h"

#include "emulator/ptx/Printed.h"

#include <cstdlib>

namespace skip::emulator {

const Function *ParsedModule::function(std::string_view name) const {
  const Function *declared = nullptr;
  for (const Function &function : functions)
    if (function.name == name && (function.isDefined || !declared))
      declared = &function;
  return declared;
}

void Parser::fail(std::string text) const { throw PtxError{token.line, std::move(text)}; }

void Parser::advance() {
  lastEnd = token.text.data() + token.text.size();
  token = ahead;
  if (token.kind != Token::Kind::end)
    ahead = lexer.next();
}

bool Parser::take(std::string_view text) {
  if (!at(text))
    return false;
  advance();
  return true;
}

void Parser::expect(std::string_view text) {
  if (take(text))
    return;
  std::string found = token.kind == Token::Kind::end ? "the end" : "`" + printed(token.text) + "`";
  fail("`" + std::string(text) + "` is expected in front of " + found);
}

std::string_view Parser::takeName(std::string_view what) {
  if (token.kind != Token::Kind::word)
    fail(std::string(what) + " is expected, not `" + printed(token.text) + "`");
  std::string_view name = token.text;
  advance();
  return name;
}

uint64_t Parser::takeInteger(std::string_view what, uint64_t most) {
  if (token.kind != Token::Kind::integer)
    fail(std::string(what) + " is expected, not `" + printed(token.text) + "`");
  if (token.bits > most)
    fail(std::string(what) + " is " + std::to_string(token.bits) + ", at most " + std::to_string(most));
  uint64_t value = token.bits;
  advance();
  return value;
}

int64_t Parser::takeSigned() {
  bool negative = take("-");
  uint64_t value = takeInteger("a number");
  return static_cast<int64_t>(negative ? 0 - value : value);
}

void Parser::skipLine() {
  for (int line = token.line; token.kind != Token::Kind::end && token.line == line;)
    advance();
}

void Parser::skipBlock() {
  expect("{");
  for (int open = 1; open > 0; advance()) {
    if (token.kind == Token::Kind::end)
      fail("a block that does not end");
    open += at("{") ? 1 : at("}") ? -1 : 0;
  }
}

void Parser::header() {
  expect(".version");
  // The lexer reads `8.0` as a number of its own.
  std::string_view version = token.text;
  size_t dot = version.find('.');
  if (token.kind != Token::Kind::real || dot == version.npos)
    fail("a version as 8.0 is expected, not `" + printed(version) + "`");
  parsed.major = std::atoi(std::string(version.substr(0, dot)).c_str());
  parsed.minor = std::atoi(std::string(version.substr(dot + 1)).c_str());
  if (parsed.major < 7 || parsed.major > 9 || (parsed.major == 9 && parsed.minor > 0) || parsed.minor > 8)
    fail("PTX ISA " + printed(version) + " is not known: 7.0 to 9.0 are");
  advance();
  expect(".target");
  parsed.target = takeName("an architecture");
  while (take(","))
    takeName("an option of the target");
  expect(".address_size");
  if (!at("64"))
    fail("addresses are of 64 bits, not of `" + printed(token.text) + "`");
  advance();
}

ParsedModule Parser::module() {
  header();
  while (token.kind != Token::Kind::end)
    topLevel();
  return std::move(parsed);
}

void Parser::linkage(bool &isExtern) {
  for (;;) {
    if (take(".extern"))
      isExtern = true;
    else if (!take(".visible") && !take(".weak") && !take(".common"))
      return;
  }
}

void Parser::topLevel() {
  if (at(".file") || at(".loc"))
    return skipLine();
  if (take(".section")) {
    advance();
    return skipBlock();
  }
  if (take(".pragma")) {
    advance();
    return expect(";");
  }
  bool isExtern = false;
  linkage(isExtern);
  if (take(".entry"))
    return functionHead(true);
  if (take(".func"))
    return functionHead(false);
  Space space = spaceOf(token.text);
  if (token.kind != Token::Kind::dotted || space == Space::registers || space == Space::param || space == Space::local)
    fail("a function or a variable is expected, not `" + printed(token.text) + "`");
  advance();
  do {
    declareModuleVariable(variable(space, isExtern));
  } while (take(","));
  expect(";");
}

void Parser::declareModuleVariable(Variable made) {
  auto former = moduleVariables.find(made.name);
  if (former != moduleVariables.end() && !former->second->isExtern)
    throw PtxError{made.line, "`" + printed(made.name) + "` is declared twice"};
  if (former != moduleVariables.end())
    moduleVariables.erase(former);
  parsed.variables.push_back(std::move(made));
  const Variable &kept = parsed.variables.back();
  moduleVariables.emplace(kept.name, &kept);
}

Dim3 Parser::threeNumbers() {
  Dim3 dim;
  dim.x = static_cast<uint32_t>(takeInteger("a number", ~uint32_t(0)));
  if (take(","))
    dim.y = static_cast<uint32_t>(takeInteger("a number", ~uint32_t(0)));
  if (take(","))
    dim.z = static_cast<uint32_t>(takeInteger("a number", ~uint32_t(0)));
  return dim;
}

void Parser::functionDirectives(Function &made) {
  auto product = [&](Dim3 dim) {
    uint64_t threads = uint64_t(dim.x) * dim.y;
    if (threads == 0 || dim.z == 0 || threads > 1024 || threads * dim.z > 1024)
      fail("a block has 1 to 1024 threads");
    return static_cast<uint32_t>(threads * dim.z);
  };
  while (token.kind == Token::Kind::dotted) {
    if (take(".maxntid")) {
      made.maxThreads = product(threeNumbers());
    } else if (take(".reqntid")) {
      made.requiredBlock = threeNumbers();
      made.maxThreads = product(*made.requiredBlock);
    } else if (take(".reqnctapercluster")) {
      made.requiredCluster = threeNumbers();
      product(*made.requiredCluster);
    } else if (take(".explicitcluster")) {
      made.explicitCluster = true;
    } else if (at(".minnctapersm") || at(".maxnctapersm") || at(".maxnreg") || at(".maxclusterrank")) {
      advance();
      takeInteger("a number");
    } else if (take(".pragma")) {
      advance();
      expect(";");
    } else if (!take(".noreturn")) {
      fail("`" + printed(token.text) + "` is not known of a function");
    }
  }
}

void Parser::parameters(Function &made, std::vector<const Variable *> &into) {
  if (!take("("))
    return;
  while (!at(")")) {
    if (at(".reg"))
      fail("parameters in registers are not supported: .param is");
    expect(".param");
    Variable param = variable(Space::param, false);
    if (param.isUnsized || param.bytes > (1 << 16))
      fail("a parameter of a known size of at most 64 KB is expected");
    made.variables.push_back(std::move(param));
    into.push_back(&made.variables.back());
    if (!take(","))
      break;
  }
  expect(")");
}

void Parser::functionHead(bool isEntry) {
  Function &made = parsed.functions.emplace_back();
  made.isEntry = isEntry;
  if (!isEntry)
    parameters(made, made.results);
  made.line = token.line;
  made.name = takeName("a function's name");
  parameters(made, made.parameters);
  functionDirectives(made);
  for (const Function &other : parsed.functions)
    if (&other != &made && other.name == made.name && other.isDefined)
      fail("`" + printed(made.name) + "` is defined twice");
  if (take(";"))
    return;
  made.isDefined = true;
  body(made);
}

ParsedModule parse(std::string_view source) { return Parser(source).module(); }

} // namespace skip::emulator
