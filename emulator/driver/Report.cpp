#include "emulator/driver/Report.h"

#include "emulator/driver/State.h"
#include "support/Printable.h"

#include <nlohmann/json.hpp>

#include <cinttypes>

namespace skip::driver {

using json = nlohmann::ordered_json; // `event` comes first

void tell(const std::string &text) { std::fprintf(stderr, "skip-emulator: %s\n", printable(text).c_str()); }

static void write(const json &line) {
  std::FILE *file = state().report.file;
  if (!file)
    return;
  std::string text = line.dump(-1, ' ', true, json::error_handler_t::replace);
  std::fprintf(file, "%s\n", text.c_str());
  std::fflush(file); // a program may be ended by a signal
}

static json listOf(const emulator::Dim3 &dim) { return json::array({dim.x, dim.y, dim.z}); }

static std::string textOf(const emulator::Dim3 &dim) {
  return "(" + std::to_string(dim.x) + "," + std::to_string(dim.y) + "," + std::to_string(dim.z) + ")";
}

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

void reportKernel(const std::string &kernel, const emulator::Launch &launch, const emulator::Counters &counters) {
  write({{"event", "kernel"},
         {"kernel", kernel},
         {"grid", listOf(launch.grid)},
         {"block", listOf(launch.block)},
         {"cluster", listOf(launch.cluster)},
         {"dynamic_shared_bytes", launch.dynamicSharedBytes},
         {"programmatic", launch.programmatic},
         {"warp_instructions", counters.warpInstructions},
         {"global_read_bytes", counters.globalReadBytes},
         {"global_write_bytes", counters.globalWriteBytes},
         {"shared_read_bytes", counters.sharedReadBytes},
         {"shared_write_bytes", counters.sharedWriteBytes},
         {"shared_accesses", counters.sharedAccesses},
         {"bank_conflicts", counters.bankConflicts},
         {"matrix_operations", counters.matrixOperations}});
}

std::string textOf(const emulator::Fault &fault) {
  std::string text = std::string(emulator::nameOf(fault.kind)) + " in kernel `" + fault.kernel + "`, block " +
                     textOf(fault.block) + ", thread " + textOf(fault.thread);
  if (fault.line > 0)
    text += ", line " + std::to_string(fault.line) + " of its PTX";
  if (!fault.instruction.empty())
    text += " (`" + fault.instruction + "`)";
  return text + ": " + fault.text;
}

void reportFault(const emulator::Fault &fault) {
  tell(textOf(fault));
  write({{"event", "fault"},
         {"kind", emulator::nameOf(fault.kind)},
         {"kernel", fault.kernel},
         {"block", listOf(fault.block)},
         {"thread", listOf(fault.thread)},
         {"line", fault.line},
         {"instruction", fault.instruction},
         {"text", fault.text}});
}

void reportMisuse(const std::string &kind, const std::string &text) {
  tell(text);
  write({{"event", "misuse"}, {"kind", kind}, {"text", text}});
}

void reportNote(const std::string &kind, const std::string &text) {
  write({{"event", "note"}, {"kind", kind}, {"text", text}});
}

} // namespace skip::driver
