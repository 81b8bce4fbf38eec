// Databases are looked for where --db says, in the user's cache folder, and beside the catalogue; passes read no files.
#include "tools/compile/Tuning.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/x86/Problems.h"
#include "tools/compile/Catalogue.h"
#include "tools/compile/Targets.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/tuning/Database.h"
#include "tools/tuning/Select.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cstdlib>
#include <set>

using namespace skip;
using tuning::Measurement;

llvm::Expected<tuning::Device> tool::thisDevice() {
  llvm::Expected<Body> widest = widestBody();
  if (!widest)
    return widest.takeError();
  return tuning::Device::read(*widest);
}

/// The first line of a text that is a fingerprint, alone or behind `device `, as in an export.
static std::optional<tuning::Device> firstDevice(llvm::StringRef text) {
  for (llvm::StringRef line : llvm::split(text, '\n')) {
    line = line.trim();
    line.consume_front("device ");
    if (std::optional<tuning::Device> device = tuning::Device::parse(line.str()))
      return device;
  }
  return std::nullopt;
}

llvm::Expected<tuning::Device> tool::deviceOf(const TuningOptions &options) {
  if (options.device.empty())
    return thisDevice();
  if (std::optional<tuning::Device> stated = tuning::Device::parse(options.device))
    return *stated;
  bool isFile = llvm::sys::fs::is_regular_file(options.device); // and no device that never ends
  if (auto file = llvm::MemoryBuffer::getFile(isFile ? options.device : "", /*IsText=*/true))
    if (std::optional<tuning::Device> stated = firstDevice((*file)->getBuffer()))
      return *stated;
  return badInput(
      "--device: `" + options.device +
      "` is neither a fingerprint nor a file with one; expected a line as `skipc tune --show` prints it, such as `" +
      tuning::Device().text() + "`");
}

std::string tool::databasePath(const TuningOptions &options) {
  if (!options.database.empty())
    return options.database;
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  llvm::SmallString<256> path;
  if (cache && *cache)
    path = cache;
  else if (home && *home)
    llvm::sys::path::append(path, home, ".cache");
  else
    return "";
  llvm::sys::path::append(path, "skip", "tuning.db");
  return path.str().str();
}

/// Notes what is wrong with a file that nobody named.
static std::vector<Measurement> readIfSound(const std::string &path, unsigned &ignored) {
  llvm::Expected<std::vector<Measurement>> read = tuning::readMeasurements(path, ignored);
  if (read)
    return std::move(*read);
  tool::note("not used: " + llvm::toString(read.takeError()));
  return {};
}

static std::vector<std::string> shippedFiles() {
  std::vector<std::string> files;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator it(tool::tuningFolder(), code), end; it != end && !code; it.increment(code))
    if (llvm::sys::path::extension(it->path()) == ".txt")
      files.push_back(it->path());
  llvm::sort(files);
  return files;
}

llvm::Expected<plan::TuningTable> tool::loadTuning(const TuningOptions &options) {
  llvm::Expected<tuning::Device> device = deviceOf(options);
  if (!device)
    return device.takeError();
  if (options.noTuning)
    return plan::TuningTable();
  std::vector<std::vector<Measurement>> sources;
  unsigned ignored = 0;
  if (!options.database.empty()) {
    llvm::Expected<std::vector<Measurement>> named = tuning::readMeasurements(options.database, ignored);
    if (!named)
      return badInput(llvm::toString(named.takeError()));
    sources.push_back(std::move(*named));
  } else {
    if (std::string own = databasePath(options); llvm::sys::fs::exists(own))
      sources.push_back(readIfSound(own, ignored));
    for (const std::string &file : shippedFiles())
      sources.push_back(readIfSound(file, ignored));
  }
  if (ignored)
    note(llvm::Twine(ignored) + " tuning entries are not of this compiler's schedules and were left out");
  return tuning::selectFor(*device, tuning::compilerVersion(), sources);
}

void tool::attachTuning(mlir::ModuleOp module, const plan::TuningTable &table, llvm::ArrayRef<int64_t> batches) {
  auto target = module->getAttrOfType<plan::X86TargetAttr>(plan::targetAttr);
  mlir::MLIRContext *context = module.getContext();
  mlir::NamedAttrList known;
  auto attach = [&](const plan::ConvProblem &problem) {
    llvm::SmallVector<mlir::Attribute> choices;
    for (const plan::TuningTable::Entry &entry : table.find(problem))
      choices.push_back(mlir::StringAttr::get(context, plan::choiceText(entry.choice)));
    if (!choices.empty())
      known.set(plan::problemText(problem), mlir::ArrayAttr::get(context, choices));
  };
  std::set<plan::ConvProblem> problems; // a deep network has few
  modelOf(module).walk([&](mlir::Operation *op) {
    for (int64_t batch : batches)
      for (plan::Isa isa : target.getIsas())
        if (std::optional<plan::ConvProblem> problem = plan::problemOf(op, batch, isa))
          problems.insert(*problem);
  });
  llvm::for_each(problems, attach);
  if (!known.empty())
    module->setAttr(plan::tuningAttr, known.getDictionary(context));
}

std::vector<std::string> tool::untunedSteps(mlir::ModuleOp module, size_t &total) {
  std::vector<std::string> steps;
  total = 0;
  auto target = module->getAttrOfType<plan::X86TargetAttr>(plan::targetAttr);
  if (!target) // for GPUs nothing is tuned
    return steps;
  module.walk([&](plan::KernelOp kernel) {
    std::optional<plan::ContractionView> main = plan::mainContractionOf(kernel);
    if (!main || main->isGeneral) // of which nothing is tuned
      return;
    auto measured = kernel->getAttrOfType<mlir::DenseBoolArrayAttr>(plan::measuredAttr);
    for (auto [index, isa] : llvm::enumerate(target.getIsas())) {
      ++total;
      if (!measured || !measured[static_cast<int64_t>(index)])
        steps.push_back((graph::valueName(kernel.getLoc()) + " (" + plan::stringifyIsa(isa) + ")").str());
    }
  });
  return steps;
}
