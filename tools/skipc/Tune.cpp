// `skipc tune`: measures what the cost model only guesses, and keeps it in a database.
//
// The contractions of all models are tuned in the order of their work, so that a small budget goes where most time does. The
// widest body comes first, since it chooses the algorithms of a library with several bodies.
#include "ir/plan/x86/Problems.h"
#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "tools/compile/Compile.h"
#include "tools/compile/Targets.h"
#include "tools/compile/Tuning.h"
#include "tools/data/Progress.h"
#include "tools/skipc/Advice.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/SpecGraphs.h"
#include "tools/skipc/TuneCompile.h"
#include "tools/skipc/TuneReport.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/tuning/Export.h"
#include "tools/tuning/Tuner.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ThreadPool.h"

using namespace skip;
using tool::Options;
using tool::Tuner;
using tool::TuneReport;
using tuning::Database;
using tuning::Measurement;

static llvm::Error inputError(llvm::Error error) { return tool::badInput(llvm::toString(std::move(error))); }

namespace {
/// A problem without its ISA, and how many layers of all models have it.
struct Task {
  plan::ConvProblem problem;
  int64_t layers = 0;
  double work() const { return double(layers) * plan::leastMultiplyAdds(problem, {}); }
};
} // namespace

static void addTasks(const Options &options, tool::Compilation &compilation, std::map<std::string, Task> &tasks) {
  std::vector<int64_t> batches = tool::batchBounds(options, {1});
  if (options.train) // a step's contractions, forth and back, of the images of a group
    batches = {compilation.recipe()->batch / compilation.recipe()->groups};
  tool::modelOf(options.train ? compilation.training() : compilation.module()).walk([&](mlir::Operation *op) {
    for (int64_t batch : batches)
      if (std::optional<plan::ConvProblem> problem = plan::problemOf(op, batch, plan::Isa::avx2)) {
        Task &task = tasks[plan::problemText(*problem)];
        task.problem = *problem;
        ++task.layers;
      }
  });
}

static llvm::Expected<std::vector<Task>> tasksOf(const Options &options) {
  std::map<std::string, Task> byKey;
  if (llvm::Error error =
          tool::forEachGraph(options, [&](tool::Compilation &compilation) { addTasks(options, compilation, byKey); }))
    return error;
  std::vector<Task> tasks;
  for (const auto &[key, task] : byKey)
    tasks.push_back(task);
  llvm::stable_sort(tasks, [](const Task &a, const Task &b) { return a.work() > b.work(); });
  return tasks;
}

/// The widest first.
static llvm::Expected<std::vector<tool::Body>> bodiesOf(const Options &options) {
  llvm::Expected<std::vector<tool::Body>> bodies =
      options.isa.empty() ? tool::preferredBody(options) : tool::runnableBodies(options);
  if (bodies)
    std::reverse(bodies->begin(), bodies->end());
  return bodies;
}

static llvm::Expected<TuneReport> tuneAll(const Options &options, const std::vector<Task> &tasks, const tuning::Device &device,
                                          Database &database) {
  llvm::Expected<std::vector<tool::Body>> bodies = bodiesOf(options);
  if (!bodies)
    return bodies.takeError();
  unsigned threads = options.threads ? options.threads : llvm::hardware_concurrency().compute_thread_count();
  data::Progress progress(tasks.size() * bodies->size() * Tuner::mostCandidates, "tuning");
  int64_t drawn = 0;
  Tuner tuner({device, threads, options.budget, [&] { ++drawn, progress.advance(); }}, database);
  TuneReport report;
  for (const Task &task : tasks) {
    std::optional<plan::Algorithm> chosen;
    for (tool::Body body : *bodies) {
      plan::ConvProblem problem = task.problem;
      problem.isa = plan::abiIsa(tool::planIsaOf(body));
      drawn = 0;
      if (tuner.isOver()) {
        ++report.left;
        continue;
      }
      if (options.train && !chosen) // of others only those that training may take are of use
        chosen = plan::predictedAlgorithm(problem, plan::kTrainedPoints);
      llvm::Expected<Tuner::Outcome> outcome = tuner.tune(problem, chosen ? &*chosen : nullptr);
      if (!outcome)
        return outcome.takeError();
      if (!options.train && !chosen && outcome->bestNanoseconds)
        chosen = outcome->best.algorithm;
      report.measured += outcome->measured;
      report.runs += outcome->runs;
      report.left += !outcome->finished;
      report.outcomes.push_back(*outcome);
      progress.advance(static_cast<uint64_t>(std::max<int64_t>(0, Tuner::mostCandidates - drawn)));
    }
  }
  report.seconds = tuner.secondsSpent();
  return report;
}

static void noteIgnored(const tuning::Ignored &ignored) {
  if (ignored.count)
    tool::note(ignored.text());
}

static llvm::Error mergeInto(Database &database, const std::vector<Measurement> &merged, unsigned ignored,
                             tool::JsonReply &reply) {
  if (llvm::Error error = database.record(merged))
    return inputError(std::move(error));
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("merged", static_cast<int64_t>(merged.size()));
    json.attribute("ignored", static_cast<int64_t>(ignored));
  });
  return llvm::Error::success();
}

static llvm::Error exportTo(const std::vector<Measurement> &all, const std::string &path) {
  std::string text = tuning::exportText(all), error;
  if (path == "-")
    llvm::outs() << (llvm::outs().is_displayed() ? printableLines(text) : text);
  else if (!writeFileAtomically(path, text, error))
    return tool::badInput(error);
  return llvm::Error::success();
}

/// Merges and measures, as the options say. What is to be read is read first, so that a wrong name makes no database.
static llvm::Error write(const Options &options, const tuning::Device &device, const std::string &path) {
  std::vector<Measurement> merged;
  tuning::Ignored ignored;
  if (!options.merge.empty()) {
    if (llvm::Error error = tuning::readMeasurements(options.merge, ignored).moveInto(merged))
      return inputError(std::move(error));
    noteIgnored(ignored);
  }
  llvm::Expected<std::vector<Task>> tasks = tasksOf(options);
  if (!tasks)
    return tasks.takeError();
  llvm::Expected<Database> database = Database::openOrCreate(path);
  if (!database)
    return inputError(database.takeError());
  if (!options.merge.empty())
    if (llvm::Error error = mergeInto(*database, merged, ignored.count, *options.reply))
      return error;
  if (options.specs.empty())
    return llvm::Error::success();
  llvm::Expected<TuneReport> report = tuneAll(options, *tasks, device, *database);
  if (!report)
    return report.takeError();
  options.json ? printTuneReportJson(*report, *options.reply)
               : printTuneReport(*report, sameCommand(options), widthOfTables(options));
  return llvm::Error::success();
}

/// An export must not go where the database is.
static llvm::Error refuseOverwriting(const std::string &exportTo, const std::string &path) {
  if (exportTo.empty() || (exportTo != path && !llvm::sys::fs::equivalent(exportTo, path)))
    return llvm::Error::success();
  return tool::badInput("--export would replace the database `" + path + "` by its text: name another file");
}

/// Shows and exports, as the options say. The default database may be missing yet.
static llvm::Error tell(const Options &options, const tuning::Device &device, const std::string &path) {
  std::vector<Measurement> all;
  if (!options.database.empty() || llvm::sys::fs::exists(path)) {
    tuning::Ignored ignored;
    if (llvm::Error error = tuning::readMeasurements(path, ignored).moveInto(all))
      return inputError(std::move(error));
    noteIgnored(ignored);
  }
  if (llvm::Error error = refuseOverwriting(options.exportTo, path)) // it may be there only now
    return error;
  if (options.show && options.json)
    tool::printMeasurementsJson(all, device, *options.reply);
  else if (options.show)
    tool::printMeasurements(all, device, widthOfTables(options));
  if (options.exportTo.empty())
    return llvm::Error::success();
  options.reply->add([&](llvm::json::OStream &json) { json.attribute("exported", static_cast<int64_t>(all.size())); });
  return exportTo(all, options.exportTo);
}

llvm::Error tool::tune(const Options &options) {
  llvm::Expected<Target> target = runnableTarget(options);
  if (!target)
    return target.takeError();
  if (*target == Target::cuda || !options.compileOnly.empty())
    return compileCandidates(options, *target);
  if (!options.objects.architectures.empty())
    return badInput("--gpu-arch says which GPUs to compile candidates for, and --target names no cuda");
  if (llvm::Error error = precisionFor(options, *target).takeError())
    return error;
  bool writes = !options.specs.empty() || !options.merge.empty(), tells = options.show || !options.exportTo.empty();
  if (!writes && !tells)
    return badInput("name a SPEC to tune for, or give --show, --merge or --export");
  if (options.json && options.exportTo == "-")
    return badInput("--json and --export - exclude each other: both write to the standard output");
  std::string path = databasePath(options);
  if (llvm::Error error = refuseOverwriting(options.exportTo, path))
    return error;
  if (path.empty())
    return badInput("there is no folder for the database: set HOME or XDG_CACHE_HOME, or name a file with --db");
  llvm::Expected<tuning::Device> device = thisDevice();
  if (!device)
    return device.takeError();
  if (llvm::Error error = writes ? write(options, *device, path) : llvm::Error::success())
    return error;
  return tells ? tell(options, *device, path) : llvm::Error::success();
}
