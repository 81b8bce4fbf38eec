// Reads line by line what ExportText.cpp writes.
#include "tools/tuning/Export.h"

#include "support/Printable.h"

#include "llvm/ADT/SmallVector.h"

using namespace skip;
using namespace skip::tuning;
using llvm::StringRef;

std::string tuning::exportText(const std::vector<Measurement> &measurements) {
  std::vector<MeasurementText> texts;
  for (const Measurement &m : measurements)
    texts.push_back(textOf(m));
  return exportText(std::move(texts));
}

bool tuning::isExport(StringRef text) { return text.starts_with("skip-tuning "); }

void Ignored::add(const llvm::Twine &where, const llvm::Twine &text) {
  if (++count == 1)
    first = (where + ": ").str() + quotedName(text.str());
}

std::string Ignored::text() const {
  if (count == 1)
    return "1 tuning entry is not of this compiler's schedules and was left out: " + first;
  return std::to_string(count) + " tuning entries are not of this compiler's schedules and were left out; the first is " +
         first;
}

/// The fields of a line; false if it has not the form.
static bool splitLine(StringRef line, MeasurementText &m) {
  llvm::SmallVector<StringRef, 6> parts;
  line.split(parts, "; ");
  m.noise = 0;
  bool hasNoise = parts.size() == 6;
  if (hasNoise && (!parts[5].consume_back(" ns noise") || parts[5].getAsInteger(10, m.noise)))
    return false;
  if (parts.size() != (hasNoise ? 6 : 5) || !parts[1].consume_front("t") || !parts[3].consume_back(" ns") ||
      !parts[4].consume_back(" runs"))
    return false;
  m.problem = parts[0].str();
  m.choice = parts[2].str();
  return !parts[1].getAsInteger(10, m.threads) && !parts[3].getAsInteger(10, m.nanoseconds) &&
         !parts[4].getAsInteger(10, m.runs) && parseProblem(m.problem) && parseChoice(m.choice);
}

llvm::Expected<std::vector<Measurement>> tuning::importText(StringRef text, StringRef path, Ignored &ignored) {
  auto failure = [&](size_t line, const llvm::Twine &what) {
    return llvm::createStringError("`" + path + "`, line " + llvm::Twine(line) + ": " + what);
  };
  std::vector<Measurement> measurements;
  MeasurementText current;
  size_t number = 0;
  while (!text.empty()) {
    StringRef line;
    std::tie(line, text) = text.split('\n');
    line.consume_back("\r"); // of an editor's or a checkout's
    if (++number == 1) {
      if (line != StringRef(firstLineOfExport) && line != StringRef(firstLineWithNoise))
        return failure(1, isExport(line) ? "a newer skipc wrote this; this one reads `skip-tuning 1` and `skip-tuning 2`"
                                         : "expected `skip-tuning 1`");
      continue;
    }
    if (line.empty() || line.starts_with("#"))
      continue;
    if (line.consume_front("device ")) {
      current.device = line.str();
      if (!parseDevice(current.device))
        return failure(number,
                       "this is no device; expected vendor, family/model, ISA, `l1` bytes, `l2` bytes, `l3` bytes, name, or of "
                       "a GPU `gpu`, capability, `sms`, `l2` bytes, `memory` GiB, name");
    } else if (line.consume_front("compiler ")) {
      current.compiler = line.str();
    } else if (!splitLine(line, current)) {
      return failure(number,
                     "expected `problem; tTHREADS; choice; NANOSECONDS ns; RUNS runs`, and perhaps `; NANOSECONDS ns noise`");
    } else if (!numbersAreSane(current)) {
      return failure(number, "expected 1 to 1024 threads, 1 ns to an hour, 1 to 1000000 runs, noise of an hour at most");
    } else if (current.device.empty() || current.compiler.empty()) {
      return failure(number, "a measurement before the first `device` and `compiler`");
    } else if (std::optional<Measurement> measurement = parse(current)) {
      measurements.push_back(*measurement);
    } else {
      ignored.add("`" + path + "`, line " + llvm::Twine(number), line);
    }
  }
  if (number == 0)
    return failure(1, "expected `skip-tuning 1`");
  return measurements;
}
