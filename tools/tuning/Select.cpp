// A rank for each measurement; each problem takes those of its best rank.
#include "tools/tuning/Select.h"

#include <tuple>

using namespace skip;
using namespace skip::tuning;

/// Ascending: distance, the device's text (so that ties are no accident), source, threads.
using Rank = std::tuple<double, std::string, size_t, int64_t>;

plan::TuningTable tuning::selectFor(const Device &device, const std::string &compiler,
                                    const std::vector<std::vector<Measurement>> &sources) {
  std::map<std::string, std::pair<Rank, std::vector<const Measurement *>>> best; // by problem
  for (size_t source = 0; source < sources.size(); ++source)
    for (const Measurement &m : sources[source]) {
      if (m.compiler != compiler)
        continue;
      Rank rank{distance(device, m.device), m.device.text(), source, -m.threads};
      auto [place, isNew] = best.try_emplace(plan::problemText(m.problem), rank, std::vector<const Measurement *>());
      auto &[known, list] = place->second;
      if (rank < known) {
        known = rank;
        list.clear();
      }
      if (rank == known)
        list.push_back(&m);
    }
  plan::TuningTable table;
  for (const auto &[problem, ranked] : best)
    for (const Measurement *m : ranked.second)
      table.add(m->problem, m->choice, m->nanoseconds);
  return table;
}
