// A rank for each search; each problem takes its best. A few quick measurements say less than a search that came to its end on
// a machine that is alike, or with a compiler that is a little older.
#include "tools/tuning/Select.h"

#include "tools/tuning/Ties.h"

#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <tuple>

using namespace skip;
using namespace skip::tuning;

static constexpr double kAlike = 1; // devices that are nearer have the same ISA and caches

namespace {
struct Search {
  double distance;
  std::string device, compiler;
  bool isOfOtherCompiler;
  size_t source;
  int64_t threads;
  std::vector<const Measurement *> measurements;

  bool isFinished() const {
    auto isFaster = [](const Measurement *a, const Measurement *b) { return a->nanoseconds < b->nanoseconds; };
    const Measurement *best = *std::min_element(measurements.begin(), measurements.end(), isFaster);
    return best->runs >= settledRuns(best->problem);
  }
};
} // namespace

/// Devices as far are told apart by their text, so that ties are no accident.
static bool isBetter(const Search &a, const Search &b) {
  auto first = [](const Search &s) {
    return std::tuple(s.distance >= kAlike, !s.isFinished(), s.distance, s.device, s.isOfOtherCompiler);
  };
  if (first(a) != first(b))
    return first(a) < first(b);
  if (int order = llvm::StringRef(a.compiler).compare_numeric(b.compiler))
    return order > 0;
  return std::tuple(a.source, -a.threads) < std::tuple(b.source, -b.threads);
}

/// The measurements of each problem's best search, what is to be preferred first.
using Selected = std::vector<std::vector<const Measurement *>>;

/// In the order of the problems' texts. What was measured on devices of another kind says nothing.
static Selected select(const AnyDevice &device, const std::string &compiler,
                       const std::vector<std::vector<Measurement>> &sources) {
  using Key = std::tuple<std::string, std::string, size_t, int64_t>;
  std::map<std::string, std::map<Key, Search>> problems;
  for (size_t source = 0; source < sources.size(); ++source)
    for (const Measurement &m : sources[source]) {
      if (m.device.index() != device.index())
        continue;
      std::string text = textOf(m.device);
      Search empty{distance(device, m.device), text, m.compiler, m.compiler != compiler, source, m.threads, {}};
      auto &searches = problems[problemText(m.problem)];
      searches.try_emplace({text, m.compiler, source, m.threads}, empty).first->second.measurements.push_back(&m);
    }
  Selected selected;
  for (const auto &[problem, searches] : problems) {
    auto best = std::min_element(searches.begin(), searches.end(),
                                 [](const auto &a, const auto &b) { return isBetter(a.second, b.second); });
    selected.push_back(byPreference(best->second.measurements));
  }
  return selected;
}

plan::TuningTable tuning::selectFor(const Device &device, const std::string &compiler,
                                    const std::vector<std::vector<Measurement>> &sources) {
  plan::TuningTable table;
  for (const auto &search : select(device, compiler, sources)) {
    int64_t before = 0; // the table goes by time: what is preferred is no slower there
    for (const Measurement *m : search) {
      before = std::max(before + 1, m->nanoseconds);
      table.add(std::get<plan::ConvProblem>(m->problem), std::get<plan::ConvChoice>(m->choice), before,
                std::get<Device>(m->device).called());
    }
  }
  return table;
}

plan::CudaTuning tuning::selectFor(const GpuDevice &device, const std::string &compiler,
                                   const std::vector<std::vector<Measurement>> &sources) {
  plan::CudaTuning table;
  for (const auto &search : select(device, compiler, sources)) {
    plan::CudaTuning::Entry &entry = table.entries[std::get<plan::CudaProblem>(search.front()->problem)];
    entry.device = std::get<GpuDevice>(search.front()->device).called();
    for (const Measurement *m : search)
      entry.choices.push_back(std::get<plan::CudaChoice>(m->choice));
  }
  return table;
}
