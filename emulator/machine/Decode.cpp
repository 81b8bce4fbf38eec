#include "emulator/machine/Decode.h"

#include "emulator/machine/Flow.h"
#include "emulator/ptx/Printed.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace skip::emulator {
namespace {

const std::unordered_map<std::string_view, const Operation *> &operations() {
  static const auto table = [] {
    std::unordered_map<std::string_view, const Operation *> made;
    for (auto rows :
         {integerOperations(), carryOperations(),    fieldOperations(),    choiceOperations(),    bitOperations(),
          floatOperations(),   functionOperations(), compareOperations(),  convertOperations(),   moveOperations(),
          memoryOperations(),  atomicOperations(),   controlOperations(),  warpOperations(),      barrierOperations(),
          asyncOperations(),   matrixOperations(),   mbarrierOperations(), warpgroupOperations(), clusterOperations()})
      for (const Operation &row : rows)
        made.emplace(row.name, &row);
    return made;
  }();
  return table;
}

} // namespace

void Decoding::fail(std::string text) const { throw PtxError{statement.line, std::move(text)}; }

bool Decoding::take(std::string_view modifier) {
  auto found = std::find(modifiers.begin(), modifiers.end(), modifier);
  if (found == modifiers.end())
    return false;
  modifiers.erase(found);
  return true;
}

int Decoding::takeOneOf(std::initializer_list<std::string_view> choices) {
  int index = 0;
  for (std::string_view choice : choices) {
    if (take(choice))
      return index;
    ++index;
  }
  return -1;
}

Type Decoding::takeType() {
  for (auto it = modifiers.begin(); it != modifiers.end(); ++it) {
    Type type = typeOf(*it);
    if (type == Type::none)
      continue;
    modifiers.erase(it);
    return type;
  }
  return Type::none;
}

void Decoding::refuseType(Type type) const {
  fail("`" + std::string(name) + "` is not known with type `" + std::string(nameOf(type)) + "`");
}

Type Decoding::wantType(std::initializer_list<Type> allowed) {
  Type type = takeType();
  if (std::find(allowed.begin(), allowed.end(), type) == allowed.end())
    refuseType(type);
  return type;
}

std::string_view Decoding::takeStartingWith(std::string_view prefix) {
  for (auto it = modifiers.begin(); it != modifiers.end(); ++it) {
    if (!it->starts_with(prefix))
      continue;
    std::string_view rest = it->substr(prefix.size());
    modifiers.erase(it);
    return rest;
  }
  return {};
}

void Decoding::takeCacheHints() {
  takeOneOf({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  takeOneOf({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"});
  takeOneOf({"L2::evict_normal", "L2::evict_first", "L2::evict_last"});
  takeOneOf({"L2::64B", "L2::128B", "L2::256B"});
}

void Decoding::takeScope() {
  int scope = takeOneOf({"cta", "cluster", "gpu", "sys"});
  in.scope = scope == 0 ? Scope::block : scope == 1 ? Scope::cluster : Scope::device;
}

void Decoding::wantOperands(size_t least, size_t most) const {
  size_t count = operandCount();
  if (count < least || count > most)
    fail("`" + printed(statement.opcode) + "` has " + std::to_string(count) + " operands, not " + std::to_string(least) +
         (least == most ? "" : " to " + std::to_string(most)));
}

const Operand &Decoding::operand(size_t index) const {
  if (index >= operandCount())
    fail("`" + printed(statement.opcode) + "` lacks operands");
  return statement.operands[index];
}

uint32_t Decoding::registerBytes(const Operand &operand) const {
  return std::max<uint32_t>(2, bytesOf(program.source->registers[operand.index].type));
}

uint32_t Decoding::immediate(const Operand &operand, Type type) {
  uint32_t bytes = bytesOf(type);
  if (operand.kind == Operand::Kind::integer) {
    if (type == Type::f32)
      return layout.constant(std::bit_cast<uint32_t>(static_cast<float>(operand.value)), 4);
    if (type == Type::f64)
      return layout.constant(std::bit_cast<uint64_t>(static_cast<double>(operand.value)), 8);
    return layout.constant(static_cast<uint64_t>(operand.value), bytes);
  }
  if (operand.isDouble && bytes == 4)
    return layout.constant(std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(operand.bits))), 4);
  if (bytes != (operand.isDouble ? 8u : 4u))
    fail("a number in bits of another size than `" + std::string(nameOf(type)) + "`");
  return layout.constant(operand.bits, bytes);
}

uint32_t Decoding::addressOf(const Operand &operand, uint32_t bytes) {
  const Variable *variable = operand.variable;
  if (variable->space == Space::local) {
    if (operand.value || !addresses.of.contains(variable))
      fail("an address of local memory that is not supported");
    return layout.constant(addresses.of.at(variable), bytes);
  }
  auto found = addresses.of.find(variable);
  if (found == addresses.of.end())
    fail("the address of `" + printed(variable->name) + "` cannot be taken here");
  return layout.constant(found->second + static_cast<uint64_t>(operand.value), bytes);
}

uint32_t Decoding::wideSource(const Operand &operand, Type type, uint32_t &bytes) {
  bytes = std::max<uint32_t>(2, bytesOf(type));
  switch (operand.kind) {
  case Operand::Kind::reg:
    if (program.source->registers[operand.index].type == Type::pred)
      fail("`" + printed(program.source->registers[operand.index].name) + "` is a predicate");
    bytes = registerBytes(operand);
    return layout.registerPlace(operand.index);
  case Operand::Kind::integer:
  case Operand::Kind::real:
    return immediate(operand, type);
  case Operand::Kind::special: {
    Special special = specialOf(operand.name);
    if (special == Special::none)
      fail("`" + printed(operand.name) + "` names no register");
    if (special >= Special::clock)
      fail("`" + printed(operand.name) + "` can only be moved");
    return layout.special(special, bytes);
  }
  case Operand::Kind::variable:
    if (bytes < 4)
      fail("an address takes 32 or 64 bits");
    return addressOf(operand, bytes);
  case Operand::Kind::sink:
    fail("`_` cannot be read");
  default:
    fail("a register or a number is expected as an operand of `" + printed(statement.opcode) + "`");
  }
}

uint32_t Decoding::source(const Operand &operand, Type type) {
  uint32_t bytes = 0, place = wideSource(operand, type, bytes);
  if (bytes != std::max<uint32_t>(2, bytesOf(type)))
    fail("a register of " + std::to_string(8 * bytes) + " bits where `" + std::string(nameOf(type)) + "` is expected");
  return place;
}

uint32_t Decoding::wideDestination(const Operand &operand, Type type, uint32_t &bytes) {
  bytes = std::max<uint32_t>(2, bytesOf(type));
  if (operand.kind == Operand::Kind::sink)
    return FileLayout::kSink;
  if (operand.kind != Operand::Kind::reg || program.source->registers[operand.index].type == Type::pred)
    fail("a register is expected as the result of `" + printed(statement.opcode) + "`");
  bytes = registerBytes(operand);
  return layout.registerPlace(operand.index);
}

uint32_t Decoding::destination(const Operand &operand, Type type) {
  uint32_t bytes = 0, place = wideDestination(operand, type, bytes);
  if (bytes != std::max<uint32_t>(2, bytesOf(type)))
    fail("a result of " + std::to_string(8 * bytes) + " bits where `" + std::string(nameOf(type)) + "` is expected");
  return place;
}

uint32_t Decoding::predicate(const Operand &operand, bool &negated) {
  negated = operand.negated;
  if (operand.kind == Operand::Kind::sink)
    return FileLayout::kSink;
  if (operand.kind != Operand::Kind::reg || program.source->registers[operand.index].type != Type::pred)
    fail("a predicate is expected as an operand of `" + printed(statement.opcode) + "`");
  return layout.registerPlace(operand.index);
}

void Decoding::address(const Operand &operand) {
  if (operand.kind != Operand::Kind::memory || operand.parts.size() != 1)
    fail("an address in brackets is expected as an operand of `" + printed(statement.opcode) + "`");
  const Operand &base = operand.parts[0];
  in.immediate = operand.value;
  uint32_t bytes = 8;
  if (base.kind == Operand::Kind::integer) {
    in.a = layout.constant(0, 8);
  } else {
    in.a = wideSource(base, Type::b64, bytes);
  }
  if (bytes < 4)
    fail("an address is of 32 or 64 bits");
  in.narrowAddress = bytes == 4;
}

int64_t Decoding::integer(size_t index) const {
  if (operand(index).kind != Operand::Kind::integer)
    fail("a number is expected as operand " + std::to_string(index + 1) + " of `" + printed(statement.opcode) + "`");
  return operand(index).value;
}

std::vector<uint32_t> Decoding::sources(const Operand &operand, Type type, size_t count) {
  std::vector<uint32_t> places;
  if (operand.kind != Operand::Kind::vector && count == 1)
    return {source(operand, type)};
  if (operand.kind != Operand::Kind::vector || operand.parts.size() != count)
    fail("a vector of " + std::to_string(count) + " is expected as an operand of `" + printed(statement.opcode) + "`");
  for (const Operand &part : operand.parts)
    places.push_back(source(part, type));
  return places;
}

std::vector<uint32_t> Decoding::destinations(const Operand &operand, Type type, size_t count) {
  std::vector<uint32_t> places;
  if (operand.kind != Operand::Kind::vector && count == 1)
    return {destination(operand, type)};
  if (operand.kind != Operand::Kind::vector || operand.parts.size() != count)
    fail("a vector of " + std::to_string(count) + " is expected as a result of `" + printed(statement.opcode) + "`");
  for (const Operand &part : operand.parts)
    places.push_back(destination(part, type));
  return places;
}

uint32_t Decoding::addList(std::span<const uint32_t> places) {
  uint32_t first = static_cast<uint32_t>(program.lists.size());
  program.lists.insert(program.lists.end(), places.begin(), places.end());
  return first;
}

Detail &Decoding::addDetail() {
  in.target = static_cast<uint32_t>(program.details.size());
  return program.details.emplace_back();
}

void Decoding::wantArchitecture(int atLeast, bool specific) const {
  const Architecture &architecture = module.architecture;
  if (architecture.major * 10 + architecture.minor < atLeast || (specific && !architecture.specific))
    fail("`" + printed(statement.opcode) + "` needs sm_" + std::to_string(atLeast) + (specific ? "a" : ""));
}

void Decoding::run() {
  std::string_view rest = statement.opcode;
  size_t dot = rest.find('.');
  name = rest.substr(0, dot);
  while (dot != rest.npos) {
    rest = rest.substr(dot + 1);
    dot = rest.find('.');
    modifiers.push_back(rest.substr(0, dot));
  }
  auto found = operations().find(name);
  if (found == operations().end())
    fail("`" + printed(statement.opcode) + "` is not known");
  if (statement.guarded) {
    in.guard = layout.registerPlace(statement.guard);
    in.guardNegated = statement.guardNegated;
  }
  found->second->decode(*this);
  if (!modifiers.empty())
    fail("`." + printed(modifiers.front()) + "` is not known of `" + std::string(name) + "`");
}

void decode(Program &program, const Function &function, const Addresses &addresses, const ModuleState &module) {
  program.source = &function;
  program.name = function.name;
  FileLayout layout(program, function);
  for (const Statement &statement : function.statements) {
    Decoding decoding(program, layout, addresses, module, statement);
    decoding.run();
    decoding.in.statement = static_cast<uint32_t>(program.code.size());
    program.code.push_back(decoding.in);
  }
  program.code.push_back(endOfCode()); // code that runs off its end returns, as ptxas has it
  program.code.back().statement = static_cast<uint32_t>(function.statements.size());
  findReconvergence(program);
  if (program.usesWgmma)
    findUses(program, layout);
  layout.finish();
}

} // namespace skip::emulator
