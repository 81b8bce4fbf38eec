#include "emulator/machine/Async.h"
#include "emulator/machine/Blocks.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/Scheduler.h"

#include <numeric>

namespace skip::emulator {
namespace {

Architecture ampere(std::string name, int minor, uint32_t multiprocessors, uint32_t sharedBytes, uint32_t threads) {
  Architecture a;
  a.name = std::move(name);
  a.minor = minor;
  a.multiprocessors = multiprocessors;
  a.sharedBytesPerMultiprocessor = sharedBytes;
  a.sharedBytesPerBlockOptin = sharedBytes - 1024;
  a.threadsPerMultiprocessor = threads;
  a.blocksPerMultiprocessor = threads == 1536 ? (minor == 9 ? 24 : 16) : 32;
  return a;
}

} // namespace

std::optional<Architecture> architectureOf(std::string_view name) {
  if (name == "sm_80")
    return ampere("sm_80", 0, 108, 164 << 10, 2048);
  if (name == "sm_86" || name == "sm_89") {
    Architecture a = ampere(std::string(name), name == "sm_86" ? 6 : 9, name == "sm_86" ? 84 : 128, 100 << 10, 1536);
    a.l2Bytes = (name == "sm_86" ? 6ull : 72ull) << 20;
    a.memoryBytes = 24ull << 30;
    return a;
  }
  if (name != "sm_90" && name != "sm_90a")
    return std::nullopt;
  Architecture a;
  a.name = name;
  a.major = 9;
  a.specific = name == "sm_90a";
  a.multiprocessors = 132;
  a.sharedBytesPerMultiprocessor = 228 << 10;
  a.sharedBytesPerBlockOptin = 227 << 10;
  a.clusterBlocks = 8;
  a.l2Bytes = 50ull << 20;
  return a;
}

struct Machine::State {
  Architecture architecture;
  DeviceMemory *memory = nullptr;
  Settings settings;
  uint64_t launches = 0;
};

Machine::Machine(const Architecture &architecture, DeviceMemory &memory, const Settings &settings)
    : state(std::make_unique<State>(State{architecture, &memory, settings})) {}
Machine::~Machine() = default;

/// The order of clusters: a step that has no divisor in common with their number, from anywhere.
static void drawOrder(Run &run) {
  run.orderShift = run.below(run.clusterCount);
  do {
    run.orderFactor = 1 + run.below(run.clusterCount);
  } while (std::gcd(run.orderFactor, run.clusterCount) != 1);
}

static Fault refused(const Run &run, std::string text) {
  Fault fault;
  fault.kind = FaultKind::outOfResources;
  fault.text = std::move(text);
  fault.kernel = run.kernel->name;
  fault.line = run.program->source->line;
  return fault;
}

Outcome Machine::run(std::span<const Launch> launches) {
  Outcome outcome;
  bool formerWaited = true;
  std::string former;
  for (size_t i = 0; i < launches.size(); ++i) {
    Launch launch = launches[i];
    Run run;
    run.architecture = &state->architecture;
    run.memory = state->memory->state.get();
    run.settings = state->settings;
    run.random.seed(state->settings.seed * 0x9e3779b97f4a7c15u + ++state->launches);
    run.kernel = &launch.module->state->kernels[launch.kernel];
    run.program = &launch.module->state->programs[launch.kernel];
    bool unsaid = launch.cluster.x == 1 && launch.cluster.y == 1 && launch.cluster.z == 1;
    if (unsaid && run.kernel->requiredCluster)
      launch.cluster = *run.kernel->requiredCluster;
    run.launch = &launch;
    run.firstAgent = run.memory->nextAgent;
    run.mustWait = launch.programmatic;
    run.notCovered = launch.programmatic && !formerWaited;
    run.notCoveredBy = former;
    outcome.launch = i;
    try {
      if (std::optional<std::string> refusal = refusalOf(run))
        throw refused(run, *refusal);
      run.clusterCount = uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z / blocksOfCluster(run);
      drawOrder(run);
      runToEnd(run);
    } catch (Fault &fault) {
      outcome.fault = std::move(fault);
    }
    outcome.counters.push_back(run.counters);
    if (outcome.fault)
      return outcome;
    formerWaited = !launch.programmatic || run.everyBlockWaited;
    former = "`" + run.kernel->name + "` has blocks that never ran griddepcontrol.wait";
  }
  return outcome;
}

} // namespace skip::emulator
