// Only measurements of a device and of this compiler's kernels count as its choices: of this machine, and of each GPU that the
// database knows, since no GPU need be here.
#include "tools/skipc/TuneReport.h"

#include "ir/plan/x86/Problems.h"
#include "support/Printable.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"
#include "tools/text/Wrap.h"
#include "tools/tuning/Ties.h"

#include "llvm/ADT/StringExtras.h"

#include <map>
#include <set>

using namespace skip;
using tool::Tuner;
using tuning::Measurement;

void tool::printTuneReport(const TuneReport &report, const std::string &again, size_t width) {
  constexpr bool onlyWide = true;
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"problem"},
                     {"fastest"},
                     {"us", right},
                     {"cost model's us", right, onlyWide},
                     {"gain", right},
                     {"measured", right, onlyWide}});
  auto micro = [](int64_t nanoseconds) { return nanoseconds ? tool::fixed(double(nanoseconds) * 1e-3, 1) : std::string("-"); };
  for (const Tuner::Outcome &o : report.outcomes) {
    bool both = o.bestNanoseconds && o.predictedNanoseconds;
    double gain = both ? double(o.predictedNanoseconds) / double(o.bestNanoseconds) - 1 : 0;
    table.add({plan::problemText(o.problem), o.bestNanoseconds ? plan::choiceText(o.best) : "-", micro(o.bestNanoseconds),
               micro(o.predictedNanoseconds), both ? tool::fixed(100 * gain, 1) + " %" : "-", std::to_string(o.measured)});
  }
  table.print(llvm::outs(), width);
  llvm::outs() << "\n"
               << tool::counted(report.measured, "candidate") << " of " << tool::counted(report.outcomes.size(), "problem")
               << " measured in " << tool::fixed(report.seconds, 1) << " s, " << tool::counted(report.runs, "run");
  if (report.left)
    llvm::outs() << "; the budget ended before the search for " << report.left << " was finished: `" << printable(again)
                 << "` goes on";
  llvm::outs() << "\n";
}

static void writeTexts(llvm::json::OStream &json, llvm::StringRef key, llvm::ArrayRef<std::string> texts) {
  json.attributeArray(key, [&] { llvm::for_each(texts, [&](const std::string &text) { json.value(text); }); });
}

void tool::printTuneReportJson(const TuneReport &report, JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("measured", report.measured);
    json.attribute("runs", report.runs);
    json.attribute("problems_left", report.left);
    json.attribute("seconds", report.seconds);
    json.attributeArray("problems", [&] {
      for (const Tuner::Outcome &o : report.outcomes)
        json.object([&] {
          json.attribute("problem", plan::problemText(o.problem));
          json.attribute("measured", o.measured);
          if (!o.bestNanoseconds)
            return;
          json.attribute("choice", plan::choiceText(o.best));
          writeTexts(json, "tied",
                     llvm::map_to_vector(o.tied, [](const plan::ConvChoice &tied) { return plan::choiceText(tied); }));
          json.attribute("us", double(o.bestNanoseconds) * 1e-3);
          if (o.predictedNanoseconds)
            json.attribute("cost_model_us", double(o.predictedNanoseconds) * 1e-3);
        });
    });
  });
}

namespace {
/// What was measured of a problem with a number of threads.
struct Search {
  std::vector<const Measurement *> all;

  const Measurement &chosen() const { return *tuning::byPreference(all).front(); }
  /// The texts of what cannot be told from the chosen one.
  std::vector<std::string> ties() const {
    std::vector<std::string> texts;
    for (const Measurement *each : tuning::settledTies(all))
      if (each != &chosen())
        texts.push_back(tuning::choiceText(each->choice));
    return texts;
  }
};

/// What a database knows of a device.
struct Knowledge {
  std::map<std::string, Search> searches; // by problem and threads
  std::set<std::string> problems;
};
} // namespace

static Knowledge knowledgeOf(const std::vector<Measurement> &all, const tuning::AnyDevice &device) {
  Knowledge known;
  for (const Measurement &m : all) {
    if (m.compiler != tuning::compilerVersion() || !(m.device == device))
      continue;
    std::string problem = tuning::problemText(m.problem);
    known.problems.insert(problem);
    known.searches[problem + " " + std::to_string(m.threads)].all.push_back(&m);
  }
  return known;
}

/// By the fingerprint's text.
static std::map<std::string, Knowledge> knowledgeOfGpus(const std::vector<Measurement> &all) {
  std::map<std::string, Knowledge> gpus;
  for (const Measurement &m : all)
    if (std::holds_alternative<tuning::GpuDevice>(m.device))
      if (auto [place, isNew] = gpus.try_emplace(tuning::textOf(m.device)); isNew)
        place->second = knowledgeOf(all, m.device);
  return gpus;
}

/// Of other CPUs.
static size_t countForeign(const std::vector<Measurement> &all, const tuning::Device &device) {
  return static_cast<size_t>(llvm::count_if(all, [&](const Measurement &m) {
    return std::holds_alternative<tuning::Device>(m.device) && m.device != tuning::AnyDevice(device);
  }));
}

static size_t countStale(const std::vector<Measurement> &all) {
  return static_cast<size_t>(llvm::count_if(all, [](const Measurement &m) { return m.compiler != tuning::compilerVersion(); }));
}

static void writeChoices(llvm::json::OStream &json, const Knowledge &known) {
  json.attributeArray("choices", [&] {
    for (const auto &[key, search] : known.searches)
      json.object([&] {
        const Measurement &m = search.chosen();
        json.attribute("problem", tuning::problemText(m.problem));
        json.attribute("threads", m.threads);
        json.attribute("choice", tuning::choiceText(m.choice));
        json.attribute("us", double(m.nanoseconds) * 1e-3);
        json.attribute("noise_us", double(m.noise) * 1e-3);
        json.attribute("finished", tuning::isFinished(search.all));
        writeTexts(json, "tied", search.ties());
      });
  });
}

void tool::printMeasurementsJson(const std::vector<Measurement> &all, const tuning::Device &device, JsonReply &reply) {
  Knowledge known = knowledgeOf(all, device);
  std::map<std::string, Knowledge> gpus = knowledgeOfGpus(all);
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("device", device.text());
    json.attribute("measurement_count", static_cast<int64_t>(all.size()));
    json.attribute("problem_count", static_cast<int64_t>(known.problems.size()));
    json.attribute("of_other_machines", static_cast<int64_t>(countForeign(all, device)));
    json.attribute("of_other_compilers", static_cast<int64_t>(countStale(all)));
    writeChoices(json, known);
    if (gpus.empty())
      return;
    json.attributeArray("gpus", [&] {
      for (const auto &[gpu, knownOfGpu] : gpus)
        json.object([&] {
          json.attribute("device", gpu);
          writeChoices(json, knownOfGpu);
        });
    });
  });
}

/// `cutShort` says why a search is that, and what goes on with it.
static void printChoices(const Knowledge &known, const char *cutShort, size_t width) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"problem"}, {"threads", right}, {"fastest"}, {"us", right}, {"search"}, {"tied with"}});
  size_t ties = 0, unfinished = 0;
  for (const auto &[key, search] : known.searches) {
    const Measurement &m = search.chosen();
    std::vector<std::string> tied = search.ties();
    ties += !tied.empty();
    bool isFinished = tuning::isFinished(search.all);
    unfinished += !isFinished;
    table.add({tuning::problemText(m.problem), std::to_string(m.threads), tuning::choiceText(m.choice),
               tool::fixed(double(m.nanoseconds) * 1e-3, 1), isFinished ? "" : "cut short", llvm::join(tied, ", ")});
  }
  if (!known.searches.empty())
    table.print(llvm::outs(), width);
  if (ties > 0)
    llvm::outs() << "\ntied: nearer to the fastest than the noise; of those the cost model's word decides\n\n";
  if (unfinished > 0)
    llvm::outs() << "\ncut short: " << cutShort << "\n\n";
}

void tool::printMeasurements(const std::vector<Measurement> &all, const tuning::Device &device, size_t width) {
  Knowledge known = knowledgeOf(all, device);
  printChoices(known, "the budget ended the search, or an interruption did; tuning again goes on with it", width);
  llvm::outs() << "this machine: " << printable(device.text()) << "\n"
               << tool::counted(all.size(), "measurement") << ", " << tool::counted(known.problems.size(), "problem")
               << " of this machine; " << tool::counted(countForeign(all, device), "measurement") << " of other machines, "
               << countStale(all) << " of other compilers\n";
  for (const auto &[gpu, knownOfGpu] : knowledgeOfGpus(all)) {
    llvm::outs() << "\n" << printable(gpu) << ": " << tool::counted(knownOfGpu.problems.size(), "problem") << "\n\n";
    printChoices(knownOfGpu,
                 "with fewer --placements than skip-time's default; run `skip-time DIR` again on that GPU, and merge what it "
                 "writes (`skipc tune --merge FILE`)",
                 width);
  }
}
