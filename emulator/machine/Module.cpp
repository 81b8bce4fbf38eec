// Loading a module: places for its variables, and its functions decoded.
#include "emulator/machine/Allocations.h"
#include "emulator/machine/Decode.h"
#include "emulator/ptx/Printed.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>

namespace skip::emulator {
namespace {

uint64_t upTo(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// `sm_90a` as 90 and true.
std::optional<std::pair<int, bool>> numberOf(std::string_view target) {
  int number = 0;
  if (!target.starts_with("sm_"))
    return std::nullopt;
  auto [end, error] = std::from_chars(target.data() + 3, target.data() + target.size(), number);
  std::string_view rest(end, static_cast<size_t>(target.data() + target.size() - end));
  if (error != std::errc() || (!rest.empty() && rest != "a"))
    return std::nullopt;
  return std::pair{number, rest == "a"};
}

void checkTarget(const ParsedModule &parsed, const Architecture &architecture) {
  auto target = numberOf(parsed.target);
  int own = architecture.major * 10 + architecture.minor;
  if (!target || target->first < 50)
    throw PtxError{1, "`.target " + printed(parsed.target) + "` is not known"};
  if (target->second ? parsed.target != architecture.name : target->first > own)
    throw PtxError{1, "`.target " + parsed.target + "` does not run on " + architecture.name};
}

class Loader {
public:
  Loader(ModuleState &state, DeviceMemory &memory) : state(state), memory(memory) {}
  void load();

private:
  void placeGlobals();
  void placeGlobal(const Variable &variable);
  void tieAddresses(const Variable &variable);
  uint32_t placeShared(const Function &function, uint32_t at, Addresses &addresses);
  void placeExternShared(const Function &function, uint32_t end, Addresses &addresses);
  void placeLocals(const Function &function, Addresses &addresses);
  KernelInfo infoOf(const Function &function, Addresses &addresses);
  void placeFrame(Program &program, const Function &function, Addresses &addresses);

  ModuleState &state;
  DeviceMemory &memory;
  Addresses globals;
  std::unordered_map<std::string_view, uint64_t> byName;
  uint32_t localEnd = 0;
};

void Loader::placeGlobal(const Variable &variable) {
  if (variable.isExtern && variable.space != Space::shared)
    return; // an error where it is used
  if (variable.alignment > 256)
    throw PtxError{variable.line,
                   "an alignment of " + std::to_string(variable.alignment) + " is not supported: at most 256 is"};
  uint64_t bytes = std::max<uint64_t>(variable.bytes, 1), address = memory.allocate(bytes);
  if (!address)
    throw PtxError{variable.line, "no memory for the " + std::to_string(bytes) + " bytes of `" + printed(variable.name) + "`"};
  state.allocations.push_back(address);
  state.globals.emplace(variable.name, DeviceMemory::Range{address, variable.bytes});
  std::copy(variable.initial.begin(), variable.initial.end(), reinterpret_cast<std::byte *>(address));
  memory.markWritten(address, bytes);
  globals.of.emplace(&variable, address);
  byName.emplace(variable.name, address);
}

void Loader::tieAddresses(const Variable &variable) {
  for (const Variable::Address &address : variable.addresses) {
    auto found = byName.find(address.name);
    if (found == byName.end())
      throw PtxError{address.line, "`" + printed(address.name) + "` names no variable"};
    uint64_t value = found->second + static_cast<uint64_t>(address.addend);
    std::memcpy(reinterpret_cast<void *>(globals.of.at(&variable) + address.offset), &value, sizeof value);
  }
}

void Loader::placeGlobals() {
  auto each = [&](auto &&visit) {
    auto isMemory = [](const Variable &v) { return v.space == Space::global || v.space == Space::constant; };
    for (const Variable &variable : state.parsed.variables)
      if (isMemory(variable))
        visit(variable);
    for (const Function &function : state.parsed.functions)
      for (const Variable &variable : function.variables)
        if (isMemory(variable))
          visit(variable);
  };
  each([&](const Variable &variable) { placeGlobal(variable); });
  each([&](const Variable &variable) {
    if (globals.of.contains(&variable))
      tieAddresses(variable);
  });
}

void visitVariables(const Operand &operand, std::vector<const Variable *> &seen) {
  if (operand.variable && operand.variable->space == Space::shared &&
      std::find(seen.begin(), seen.end(), operand.variable) == seen.end())
    seen.push_back(operand.variable);
  for (const Operand &part : operand.parts)
    visitVariables(part, seen);
}

std::vector<const Variable *> sharedOf(const Function &function) {
  std::vector<const Variable *> seen;
  for (const Variable &variable : function.variables) // also those that nothing names
    if (variable.space == Space::shared)
      seen.push_back(&variable);
  for (const Statement &statement : function.statements)
    for (const Operand &operand : statement.operands)
      visitVariables(operand, seen);
  return seen;
}

uint32_t Loader::placeShared(const Function &function, uint32_t at, Addresses &addresses) {
  for (const Variable *variable : sharedOf(function)) {
    if (variable->isUnsized || variable->isExtern || addresses.of.contains(variable))
      continue;
    uint64_t begin = upTo(at, variable->alignment);
    if (begin + variable->bytes > (1 << 20))
      throw PtxError{variable->line, "`" + printed(variable->name) + "` does not fit shared memory"};
    addresses.of.emplace(variable, kSharedBase + begin);
    at = static_cast<uint32_t>(begin + variable->bytes);
  }
  return at;
}

/// Dynamic shared memory lies behind the static one.
void Loader::placeExternShared(const Function &function, uint32_t end, Addresses &addresses) {
  for (const Variable *variable : sharedOf(function))
    if (variable->isUnsized || variable->isExtern)
      addresses.of[variable] = kSharedBase + end;
}

void Loader::placeLocals(const Function &function, Addresses &addresses) {
  for (const Variable &variable : function.variables) {
    if (variable.space != Space::local)
      continue;
    uint64_t begin = upTo(localEnd, std::max<uint32_t>(variable.alignment, 1));
    if (begin + variable.bytes > (512 << 10))
      throw PtxError{variable.line, "more than 512 KB of local memory"};
    addresses.of[&variable] = begin;
    localEnd = static_cast<uint32_t>(begin + variable.bytes);
  }
}

void Loader::placeFrame(Program &program, const Function &function, Addresses &addresses) {
  uint64_t at = 0;
  for (const Variable &variable : function.variables) {
    bool isKernelParam = function.isEntry && std::find(function.parameters.begin(), function.parameters.end(), &variable) !=
                                                 function.parameters.end();
    if (variable.space != Space::param || isKernelParam)
      continue;
    at = upTo(at, std::max<uint32_t>(variable.alignment, 1));
    if (at + variable.bytes > (64 << 10))
      throw PtxError{variable.line, "more than 64 KB of parameters"};
    addresses.params[&variable] = {static_cast<uint32_t>(at), static_cast<uint32_t>(variable.bytes)};
    at += variable.bytes;
  }
  program.frameParamBytes = static_cast<uint32_t>(upTo(at, 16));
  if (function.isEntry)
    return;
  for (const Variable *variable : function.parameters)
    program.formals.push_back(addresses.params.at(variable));
  for (const Variable *variable : function.results)
    program.results.push_back(addresses.params.at(variable));
}

KernelInfo Loader::infoOf(const Function &function, Addresses &addresses) {
  KernelInfo info;
  info.name = function.name;
  uint32_t at = 0;
  for (const Variable *variable : function.parameters) {
    at = static_cast<uint32_t>(upTo(at, variable->alignment));
    info.params.push_back({at, static_cast<uint32_t>(variable->bytes), variable->alignment});
    addresses.of[variable] = at;
    at += static_cast<uint32_t>(variable->bytes);
    if (at > 32764)
      throw PtxError{function.line, "more than 32764 bytes of parameters"};
  }
  info.paramBytes = at;
  if (function.maxThreads)
    info.maxThreads = function.maxThreads;
  info.requiredBlock = function.requiredBlock;
  info.requiredCluster = function.requiredCluster;
  return info;
}

bool makesCalls(const Function &function) {
  return std::any_of(function.statements.begin(), function.statements.end(),
                     [](const Statement &statement) { return statement.opcode.starts_with("call"); });
}

void Loader::load() {
  placeGlobals();
  std::vector<const Function *> order;
  for (bool entries : {true, false})
    for (const Function &function : state.parsed.functions)
      if (function.isDefined && function.isEntry == entries)
        order.push_back(&function);
  std::vector<Addresses> addresses(order.size(), globals);
  uint32_t functionShared = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    Program &program = state.programs.emplace_back();
    program.source = order[i];
    program.name = order[i]->name;
    placeFrame(program, *order[i], addresses[i]);
    if (order[i]->isEntry)
      continue;
    functionShared = placeShared(*order[i], functionShared, addresses[i]);
    for (const auto &[variable, address] : addresses[i].of) // one place for what several functions share
      for (size_t j = 0; j < order.size(); ++j)
        if (variable->space == Space::shared)
          addresses[j].of.emplace(variable, address);
    placeLocals(*order[i], addresses[i]);
    program.localBytes = localEnd;
  }
  uint32_t functionLocal = localEnd;
  for (size_t i = 0; i < order.size(); ++i) {
    const Function &function = *order[i];
    if (function.isEntry) {
      KernelInfo info = infoOf(function, addresses[i]);
      localEnd = functionLocal;
      placeLocals(function, addresses[i]);
      info.localBytes = localEnd;
      uint32_t end = placeShared(function, makesCalls(function) ? functionShared : 0, addresses[i]);
      uint32_t alignment = 16;
      bool dynamic = false;
      for (const Variable *variable : sharedOf(function))
        if (variable->isUnsized || variable->isExtern) {
          alignment = std::max(alignment, variable->alignment);
          dynamic = true;
        }
      end = dynamic ? static_cast<uint32_t>(upTo(end, alignment)) : end;
      placeExternShared(function, end, addresses[i]);
      info.staticSharedBytes = end;
      state.kernels.push_back(std::move(info));
    }
    decode(state.programs[i], function, addresses[i], state);
  }
}

} // namespace

Module::Module() = default;

Module::~Module() {
  if (state && state->memory)
    for (uint64_t address : state->allocations)
      state->memory->release(address);
}

std::variant<std::unique_ptr<Module>, PtxError> Module::load(std::string_view ptx, const Architecture &architecture,
                                                             DeviceMemory &memory) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return PtxError{1, "the emulator needs a processor with AVX2 and FMA"};
#endif
  std::unique_ptr<Module> module(new Module);
  module->state = std::make_unique<State>();
  State &state = *module->state;
  state.text = ptx;
  state.architecture = architecture;
  state.memory = &memory;
  try {
    state.parsed = parse(state.text);
    checkTarget(state.parsed, architecture);
    Loader(state, memory).load();
  } catch (PtxError &error) {
    return std::move(error);
  }
  return module;
}

const std::vector<KernelInfo> &Module::kernels() const { return state->kernels; }

std::optional<DeviceMemory::Range> Module::global(std::string_view name) const {
  auto found = state->globals.find(name);
  return found == state->globals.end() ? std::nullopt : std::optional(found->second);
}

} // namespace skip::emulator
