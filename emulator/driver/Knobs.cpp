#include "emulator/driver/Knobs.h"

#include "emulator/driver/Entries.h"
#include "support/Printable.h"

#include <charconv>
#include <string_view>

namespace skip::driver {

static constexpr std::string_view kPrefix = "SKIP_EMULATOR_";
static constexpr const char *kArchitectures = "sm_80, sm_86, sm_89, sm_90 or sm_90a";

static bool parseNumber(std::string_view text, uint64_t least, uint64_t most, uint64_t &value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most;
}

// Each setter answers what the variable may hold, or nothing if it took the value.
using Setter = std::string (*)(Knobs &, std::string_view);

static std::string setNumber(std::string_view text, uint64_t least, uint64_t most, auto store) {
  uint64_t value = 0;
  if (!parseNumber(text, least, most, value))
    return "a number from " + std::to_string(least) + " to " + std::to_string(most);
  store(value);
  return {};
}

static std::string setArchitecture(Knobs &knobs, std::string_view text) {
  auto architecture = emulator::architectureOf(text);
  if (!architecture)
    return kArchitectures;
  knobs.architecture = *architecture;
  return {};
}

static std::string setSeed(Knobs &knobs, std::string_view text) {
  return setNumber(text, 0, UINT64_MAX, [&](uint64_t value) { knobs.settings.seed = value; });
}

static std::string setCompletion(Knobs &knobs, std::string_view text) {
  using emulator::Completion;
  for (auto [name, value] : {std::pair{"eager", Completion::eager}, {"lazy", Completion::lazy}, {"mixed", Completion::mixed}})
    if (text == name) {
      knobs.settings.completion = value;
      return {};
    }
  return "eager, lazy or mixed";
}

static std::string setChecks(Knobs &knobs, std::string_view text) {
  if (text != "on" && text != "off")
    return "on or off";
  knobs.settings.checks = text == "on";
  return {};
}

static std::string setLimit(Knobs &knobs, std::string_view text) {
  return setNumber(text, 0, UINT64_MAX, [&](uint64_t value) { knobs.settings.maxWarpInstructions = value; });
}

static std::string setDriverVersion(Knobs &knobs, std::string_view text) {
  std::string wrong = setNumber(text, 11060, 13990, [&](uint64_t value) { knobs.driverVersion = static_cast<int>(value); });
  return wrong.empty() ? wrong : wrong + " (1000 times the major version and 10 times the minor one, as in 12080)";
}

static std::string setDevices(Knobs &knobs, std::string_view text) {
  return setNumber(text, 0, 16, [&](uint64_t value) { knobs.devices = static_cast<int>(value); });
}

static std::string setMemory(Knobs &knobs, std::string_view text) {
  return setNumber(text, 1, uint64_t{1} << 46, [&](uint64_t value) { knobs.memoryBytes = value; });
}

static std::string setFailures(Knobs &knobs, std::string_view text) {
  const char *shape = "entry:n or entry:n:CODE, several of them between commas, as in cuMemAlloc:3:CUDA_ERROR_OUT_OF_MEMORY";
  while (true) {
    std::string_view item = text.substr(0, text.find(','));
    size_t first = item.find(':'), second = first == item.npos ? item.npos : item.find(':', first + 1);
    if (first == item.npos)
      return shape;
    std::string_view name = item.substr(0, first),
                     count = item.substr(first + 1, second == item.npos ? second : second - first - 1);
    if (!isEntryName(name))
      return std::string(shape) + "; `" + printable(name) + "` is no entry point that is answered here";
    Failure failure{.result = defaultFailure(name)};
    if (!parseNumber(count, 1, UINT64_MAX, failure.call))
      return std::string(shape) + "; n counts from 1";
    if (second != item.npos && !resultNamed(item.substr(second + 1), failure.result))
      return std::string(shape) + "; `" + printable(item.substr(second + 1)) + "` is no result that is known here";
    knobs.failures.emplace(name, failure);
    if (item.size() == text.size())
      return {};
    text.remove_prefix(item.size() + 1);
  }
}

static std::string setFile(std::string &file, std::string_view text) {
  if (text.empty())
    return "the name of a file";
  file = text;
  return {};
}

static std::string setLeaks(Knobs &knobs, std::string_view text) {
  if (text != "report" && text != "fail")
    return "report or fail";
  knobs.leaks = text == "fail" ? Leaks::fail : Leaks::report;
  return {};
}

static constexpr std::pair<std::string_view, Setter> kKnobs[] = {
    {"ARCH", setArchitecture},
    {"SEED", setSeed},
    {"COMPLETION", setCompletion},
    {"CHECKS", setChecks},
    {"LIMIT", setLimit},
    {"DRIVER_VERSION", setDriverVersion},
    {"DEVICES", setDevices},
    {"MEMORY", setMemory},
    {"FAIL", setFailures},
    {"TRACE", [](Knobs &knobs, std::string_view text) { return setFile(knobs.trace, text); }},
    {"REPORT", [](Knobs &knobs, std::string_view text) { return setFile(knobs.report, text); }},
    {"LEAKS", setLeaks},
};

/// An error, or nothing.
static std::string set(Knobs &knobs, std::string_view name, std::string_view value) {
  for (auto [knob, setter] : kKnobs)
    if (name == knob) {
      std::string wanted = setter(knobs, value);
      if (wanted.empty())
        return {};
      return std::string(kPrefix) + std::string(name) + " is `" + printable(value) + "`; it may be " + wanted;
    }
  std::string known;
  for (auto [knob, setter] : kKnobs)
    known += (known.empty() ? "" : ", ") + std::string(kPrefix) + std::string(knob);
  return std::string(kPrefix) + printable(name) + " is no variable of the emulator; there are " + known;
}

std::variant<Knobs, std::string> parseKnobs(const char *const *environment) {
  Knobs knobs;
  knobs.architecture = *emulator::architectureOf("sm_80");
  for (; environment && *environment; ++environment) {
    std::string_view text = *environment;
    size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == text.npos)
      continue;
    std::string error = set(knobs, text.substr(kPrefix.size(), equals - kPrefix.size()), text.substr(equals + 1));
    if (!error.empty())
      return error;
  }
  if (knobs.memoryBytes == 0)
    knobs.memoryBytes = knobs.architecture.memoryBytes;
  return knobs;
}

} // namespace skip::driver
