// A rank for each search; each problem takes its best.
#include "tools/tuning/Select.h"

#include <algorithm>
#include <tuple>

using namespace skip;
using namespace skip::tuning;

/// Device, compiler, source, threads.
using Search = std::tuple<std::string, std::string, size_t, int64_t>;
using List = std::vector<const Measurement *>;

/// A few quick measurements say less than a search that came to its end, even if they are of this very machine's.
static bool isFinished(const List &list) {
  auto slower = [](const Measurement *a, const Measurement *b) { return a->nanoseconds < b->nanoseconds; };
  return (*std::min_element(list.begin(), list.end(), slower))->runs >= settledRuns;
}

plan::TuningTable tuning::selectFor(const Device &device, const std::string &compiler,
                                    const std::vector<std::vector<Measurement>> &sources) {
  std::map<std::string, std::map<Search, List>> problems;
  for (size_t source = 0; source < sources.size(); ++source)
    for (const Measurement &m : sources[source])
      problems[plan::problemText(m.problem)][{m.device.text(), m.compiler, source, m.threads}].push_back(&m);

  // Ascending. Devices as far are told apart by their text, compilers as old by theirs, so that ties are no accident.
  auto rankOf = [&](const Search &search, const List &list) {
    const auto &[deviceText, version, source, threads] = search;
    return std::tuple(distance(device, list.front()->device), deviceText, version != compiler, version, !isFinished(list),
                      source, -threads);
  };
  plan::TuningTable table;
  for (const auto &[problem, searches] : problems) {
    auto best = std::min_element(searches.begin(), searches.end(), [&](const auto &a, const auto &b) {
      return rankOf(a.first, a.second) < rankOf(b.first, b.second);
    });
    for (const Measurement *m : best->second)
      table.add(m->problem, m->choice, m->nanoseconds);
  }
  return table;
}
