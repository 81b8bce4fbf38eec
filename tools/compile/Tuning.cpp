// Databases are looked for where --db says, in the user's cache folder, and beside the catalogue; passes read no files.
#include "tools/compile/Tuning.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/cuda/Shapes.h"
#include "ir/plan/x86/Problems.h"
#include "tools/compile/CacheFolder.h"
#include "tools/compile/Catalogue.h"
#include "tools/compile/Targets.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/tuning/Database.h"
#include "tools/tuning/Select.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <set>

using namespace skip;
using tuning::Measurement;

llvm::Expected<tuning::Device> tool::thisDevice() {
  llvm::Expected<Body> widest = widestBody();
  if (!widest)
    return widest.takeError();
  return tuning::Device::read(*widest);
}

namespace {
/// Of each kind the first fingerprint of a text.
struct Stated {
  std::optional<tuning::Device> cpu;
  std::optional<tuning::GpuDevice> gpu;
};
} // namespace

/// In each line alone, or behind `device ` as in an export.
static Stated statedIn(llvm::StringRef text) {
  Stated stated;
  for (llvm::StringRef line : llvm::split(text, '\n')) {
    line = line.trim();
    line.consume_front("device ");
    if (!stated.cpu)
      stated.cpu = tuning::Device::parse(line.str());
    if (!stated.gpu)
      stated.gpu = tuning::GpuDevice::parse(line.str());
  }
  return stated;
}

static llvm::Expected<Stated> statedBy(const tool::TuningOptions &options) {
  if (options.device.empty())
    return Stated();
  Stated stated = statedIn(options.device);
  bool isFile = llvm::sys::fs::is_regular_file(options.device); // and no device that never ends
  if (auto file = llvm::MemoryBuffer::getFile(isFile ? options.device : "", /*IsText=*/true))
    stated = statedIn((*file)->getBuffer());
  if (stated.cpu || stated.gpu)
    return stated;
  bool isNumber = llvm::all_of(options.device, llvm::isDigit);
  return tool::badInput("--device: `" + options.device + "` is " +
                        (isNumber ? "no fingerprint (run, eval, verify and bench take the number of the GPU that runs)"
                                  : "neither a fingerprint nor a file with one") +
                        "; expected a line as `skipc tune --show` prints it, "
                        "such as `" +
                        tuning::Device().text() + "`, or of a GPU `" + tuning::commonGpu().text() + "`");
}

llvm::Expected<tuning::Device> tool::deviceOf(const TuningOptions &options) {
  llvm::Expected<Stated> stated = statedBy(options);
  if (!stated)
    return stated.takeError();
  return stated->cpu ? llvm::Expected<tuning::Device>(*stated->cpu) : thisDevice();
}

llvm::Error tool::checkDevice(const TuningOptions &options, bool usesCpu, bool usesGpu) {
  llvm::Expected<Stated> stated = statedBy(options);
  if (!stated)
    return stated.takeError();
  if (options.device.empty() || (stated->cpu && usesCpu) || (stated->gpu && usesGpu))
    return llvm::Error::success();
  return stated->gpu ? badInput("--device states a GPU, and --target names no cuda")
                     : badInput("--device states a CPU, and --target names no x86");
}

std::string tool::databasePath(const TuningOptions &options) {
  return options.database.empty() ? cachePath("tuning.db") : options.database;
}

using Notes = std::vector<std::string>;

/// Notes what is wrong with a file that nobody named.
static std::vector<Measurement> readIfSound(const std::string &path, tuning::Ignored &ignored, Notes &notes) {
  llvm::Expected<std::vector<Measurement>> read = tuning::readMeasurements(path, ignored);
  if (read)
    return std::move(*read);
  notes.push_back("not used: " + llvm::toString(read.takeError()));
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

/// Each source's measurements; none with --no-tuning.
static llvm::Expected<std::vector<std::vector<Measurement>>> readSources(const tool::TuningOptions &options, Notes &notes) {
  std::vector<std::vector<Measurement>> sources;
  if (options.noTuning)
    return sources;
  tuning::Ignored ignored;
  if (!options.database.empty()) {
    llvm::Expected<std::vector<Measurement>> named = tuning::readMeasurements(options.database, ignored);
    if (!named)
      return tool::badInput(llvm::toString(named.takeError()));
    sources.push_back(std::move(*named));
  } else {
    if (std::string own = tool::databasePath(options); llvm::sys::fs::exists(own))
      sources.push_back(readIfSound(own, ignored, notes));
    for (const std::string &file : shippedFiles())
      sources.push_back(readIfSound(file, ignored, notes));
  }
  if (ignored.count)
    notes.push_back(ignored.text());
  return sources;
}

static void tell(const Notes &notes) {
  for (const std::string &text : notes)
    tool::note(text);
}

static llvm::Expected<plan::TuningTable> readTuning(const tool::TuningOptions &options, Notes &notes) {
  llvm::Expected<tuning::Device> device = tool::deviceOf(options);
  if (!device)
    return device.takeError();
  auto sources = readSources(options, notes);
  if (!sources)
    return sources.takeError();
  return tuning::selectFor(*device, tuning::compilerVersion(), *sources);
}

llvm::Expected<plan::TuningTable> tool::loadTuning(const TuningOptions &options) {
  Notes notes;
  llvm::Expected<plan::TuningTable> table = readTuning(options, notes);
  tell(notes);
  return table;
}

tool::TuningAhead::TuningAhead(const TuningOptions &options)
    : reading(std::async(std::launch::async | std::launch::deferred, [&] { return readTuning(options, notes); })) {}

tool::TuningAhead::~TuningAhead() {
  if (reading.valid())
    llvm::consumeError(reading.get().takeError());
}

llvm::Expected<plan::TuningTable> tool::TuningAhead::take() {
  llvm::Expected<plan::TuningTable> table = reading.get();
  tell(notes);
  return table;
}

llvm::Expected<plan::CudaTuning> tool::loadCudaTuning(const TuningOptions &options) {
  llvm::Expected<Stated> stated = statedBy(options);
  if (!stated)
    return stated.takeError();
  Notes notes;
  auto sources = readSources(options, notes);
  tell(notes);
  if (!sources)
    return sources.takeError();
  return tuning::selectFor(stated->gpu.value_or(tuning::commonGpu()), tuning::compilerVersion(), *sources);
}

namespace {
/// `plan.tuning`, problem by problem.
class Attachment {
public:
  explicit Attachment(mlir::ModuleOp module) : module(module) {}
  ~Attachment() {
    if (!known.empty())
      module->setAttr(plan::tuningAttr, known.getDictionary(module.getContext()));
  }

  void add(const std::string &problem, llvm::ArrayRef<std::string> choices) {
    if (!choices.empty())
      known.set(problem, mlir::Builder(module.getContext()).getStrArrayAttr(llvm::to_vector_of<llvm::StringRef>(choices)));
  }

private:
  mlir::ModuleOp module;
  mlir::NamedAttrList known;
};
} // namespace

void tool::attachTuning(mlir::ModuleOp module, const plan::TuningTable &table, llvm::ArrayRef<int64_t> batches) {
  auto target = module->getAttrOfType<plan::X86TargetAttr>(plan::targetAttr);
  std::set<plan::ConvProblem> problems; // a deep network has few
  modelOf(module).walk([&](mlir::Operation *op) {
    for (int64_t batch : batches)
      for (plan::Isa isa : target.getIsas())
        if (std::optional<plan::ConvProblem> problem = plan::problemOf(op, batch, isa))
          problems.insert(*problem);
  });
  Attachment attachment(module);
  for (const plan::ConvProblem &problem : problems) {
    std::vector<std::string> choices;
    for (const plan::TuningTable::Entry &entry : table.find(problem))
      choices.push_back(plan::choiceText(entry.choice));
    attachment.add(plan::problemText(problem), choices);
  }
}

std::set<plan::CudaProblem> tool::cudaProblemsOf(mlir::ModuleOp module, plan::CudaTargetAttr target,
                                                 llvm::ArrayRef<int64_t> batches) {
  std::set<plan::CudaProblem> problems;
  modelOf(module).walk([&](mlir::Operation *op) {
    for (int64_t batch : batches)
      if (std::optional<plan::CudaProblem> problem = plan::problemOf(op, batch, target))
        problems.insert(*problem);
  });
  return problems;
}

void tool::attachTuning(mlir::ModuleOp module, const plan::CudaTuning &table, llvm::ArrayRef<int64_t> batches) {
  auto target = module->getAttrOfType<plan::CudaTargetAttr>(plan::targetAttr);
  Attachment attachment(module);
  for (const plan::CudaProblem &problem : cudaProblemsOf(module, target, batches))
    if (auto found = table.entries.find(problem); found != table.entries.end())
      attachment.add(plan::problemText(problem), llvm::map_to_vector(found->second.choices, [](const plan::CudaChoice &choice) {
                       return plan::choiceText(choice);
                     }));
}

std::vector<std::string> tool::untunedSteps(mlir::ModuleOp module, size_t &total) {
  std::vector<std::string> steps;
  total = 0;
  auto target = module->getAttrOfType<plan::X86TargetAttr>(plan::targetAttr);
  if (!target) // no build expects that a GPU was at hand
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
