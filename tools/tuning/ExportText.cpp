// Writes measurements line by line under headings.
#include "tools/tuning/ExportText.h"

#include <algorithm>
#include <tuple>

using namespace skip;
using tuning::MeasurementText;

static auto keyOf(const MeasurementText &m) { return std::tie(m.device, m.compiler, m.problem, m.threads, m.choice); }

bool tuning::isCompilerText(std::string_view text) {
  bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return plain && !text.empty() && text.size() <= 64 && text.front() != ' ' && text.back() != ' ';
}

std::string tuning::exportText(std::vector<MeasurementText> texts) {
  std::sort(texts.begin(), texts.end(), [](const auto &a, const auto &b) { return keyOf(a) < keyOf(b); });
  bool hasNoise = std::any_of(texts.begin(), texts.end(), [](const MeasurementText &m) { return m.noise > 0; });
  std::string out = std::string(hasNoise ? firstLineWithNoise : firstLineOfExport) + "\n", device, compiler;
  for (const MeasurementText &m : texts) {
    if (m.device != device)
      out += "\ndevice " + m.device + "\n";
    if (m.device != device || m.compiler != compiler)
      out += "compiler " + m.compiler + "\n";
    device = m.device;
    compiler = m.compiler;
    out += m.problem + "; t" + std::to_string(m.threads) + "; " + m.choice + "; " + std::to_string(m.nanoseconds) + " ns; " +
           std::to_string(m.runs) + " runs" + (m.noise > 0 ? "; " + std::to_string(m.noise) + " ns noise" : "") + "\n";
  }
  return out;
}
