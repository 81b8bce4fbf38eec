// What is timed is what would be built: the candidate goes through the plan pipeline, annotated as a build with a tuning
// database would be, and runs as the shared library that a user would get.
//
// The state of the caches decides small convolutions. In a network the input was just written by the step before, and the
// memory of all activations is used over and over, while the weights were last read a whole run ago. So each run begins with
// the weights evicted, the workspace read once, and a relu that writes the input. (With the workspace cold too, Winograd's
// windows cost 13 % of a convolution of 64 channels, which they do not in ResNet-18.)
//
// Two kinds of noise need two remedies. What else the machine does only ever adds time: of a few runs the least counts, and
// runs in which the process lost a core do not, so that a busy machine makes tuning slower before it makes it wrong. Which
// pages the memory lies in decides what the caches can hold at a time, and stays as it is for the life of a process: the same
// candidate took 392 us in one and 454 us in another. A network has each layer's memory elsewhere, so memory is placed anew a
// few times, and what the placements have in common is the candidate's time (Placements.h).
#include "tools/tuning/Candidate.h"

#include "codegen/LowerPlan.h"
#include "ir/plan/Contractions.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/tuning/CandidateGraph.h"
#include "tools/weights/Random.h"
#include "tools/weights/SafetensorsWriter.h"

#include <algorithm>
#include <chrono>
#include <sys/resource.h>

using namespace skip;
using tool::Candidate;

std::string tool::candidateWeights(const plan::ConvProblem &problem) {
  Random random(1, "weights");
  std::vector<int64_t> dims = candidateFilter(problem);
  std::vector<float> filter(static_cast<size_t>(elementsOf(dims))), bias(static_cast<size_t>(problem.outChannels), 0.1f);
  for (float &value : filter)
    value = random.uniform(-0.1f, 0.1f);
  SafetensorsWriter writer;
  writer.add("w", dims, filter);
  writer.add("b", problem.outChannels, bias);
  return writer.finish();
}

/// The steps whose time is the convolution's; none if the plan is not as the choice says.
static std::vector<bool> countedSteps(mlir::func::FuncOp function, const plan::ConvProblem &problem,
                                      const plan::ConvChoice &choice) {
  std::vector<bool> counts;
  bool asChosen = false;
  for (auto kernel : function.getOps<plan::KernelOp>()) {
    std::optional<plan::ContractionView> view = plan::mainContractionOf(kernel);
    auto measured = kernel->getAttrOfType<mlir::DenseBoolArrayAttr>(plan::measuredAttr);
    if (view) {
      bool planar = kernel.inputLayout(view->input.getArgNumber()).getKind() == plan::LayoutKind::planar;
      asChosen =
          measured && measured[0] && planar == problem.planarInput && bool(view->winograd) == (choice.algorithm.tile != 0);
    }
    counts.push_back(view || kernel.outputLayout(0).getKind() == plan::LayoutKind::winograd);
  }
  return asChosen ? counts : std::vector<bool>();
}

llvm::Expected<std::unique_ptr<Candidate>> Candidate::compile(mlir::MLIRContext &mlirContext, const plan::ConvProblem &problem,
                                                              const plan::ConvChoice &choice, const std::string &checkpoint,
                                                              unsigned threads) {
  auto failure = [&](const llvm::Twine &what) {
    return internalError("tune", plan::problemText(problem) + ", " + plan::choiceText(choice) + ": " + what);
  };
  CandidatePlan how{plan::X86TargetAttr::get(&mlirContext, {static_cast<plan::Isa>(problem.isa)}, "", ""),
                    plan::problemText(problem), plan::choiceText(choice), problem.images};
  auto planned = planCandidate(mlirContext, candidateGraph(problem, problem.planarInput), how);
  if (!planned)
    return planned.takeError();
  mlir::OwningOpRef<mlir::ModuleOp> module = std::move(*planned);
  std::unique_ptr<Candidate> made(new Candidate(choice));
  made->counts = countedSteps(modelOf(*module), problem, choice);
  if (made->counts.empty())
    return nullptr;
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&mlirContext, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  mlir::FailureOr<codegen::LoweredModel> lowered = codegen::lowerPlan(*module, "candidate");
  if (mlir::failed(lowered))
    return failure(message);
  codegen::KernelCache none; // most of them no library will have
  llvm::Expected<x86::Compiled> compiled = x86::compileKernels(lowered->jobs, threads, none);
  if (!compiled)
    return failure(llvm::toString(compiled.takeError()));
  lowered->image.targets.front().kernelStackBytes = compiled->stackBytes;
  codegen::PackageInput package{lowered->image, compiled->objects};
  if (llvm::Error error = loaded::LoadedModel::build(package).moveInto(made->library))
    return badInput("cannot load a candidate: " + llvm::toString(std::move(error)));
  if (llvm::Error error = made->library->makePool(static_cast<int32_t>(threads)).moveInto(made->pool))
    return failure(llvm::toString(std::move(error)));
  made->checkpoint = checkpoint;
  Random random(1, "input");
  made->images = problem.images;
  made->input.resize(static_cast<size_t>(problem.images * elementsOf(candidateInput(problem))));
  for (float &value : made->input)
    value = random.uniform(-1, 1);
  made->output.resize(static_cast<size_t>(problem.images * problem.outChannels * problem.outHeight * problem.outWidth));
  return made;
}

static constexpr int64_t kRuns = 3, kMostTries = 12;
static constexpr std::chrono::milliseconds kLongest(400);
static constexpr int64_t kLinesOfPage = 64, kDistances = 7;

/// How often this process has lost a core to others: what shows that a run was disturbed.
static long interruptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

llvm::Error Candidate::place() {
  loaded::Weights newWeights;
  if (llvm::Error error = library->weightsFromMemory(checkpoint).moveInto(newWeights))
    return error;
  size_t lines = library->api().modelWorkspaceBytes(library->get(), images) / sizeof(CacheLine) + 1;
  std::vector<CacheLine> newWorkspace(lines + kLinesOfPage * (runs % kDistances));
  skip_context_options options{};
  options.pool = pool.get();
  options.workspace = newWorkspace.data() + newWorkspace.size() - lines;
  options.workspace_bytes = lines * sizeof(CacheLine);
  loaded::Context newContext;
  if (llvm::Error error = library->makeContext(newWeights.get(), options).moveInto(newContext))
    return error;
  context = std::move(newContext); // only now is the old memory let go, so that the new is not the same
  weights = std::move(newWeights);
  workspace = std::move(newWorkspace);
  return llvm::Error::success();
}

llvm::Expected<Candidate::Time> Candidate::leastTime(Evictor &evictor, llvm::function_ref<bool()> isOver) {
  struct Sum {
    const std::vector<bool> &counts;
    double seconds = 0;
  } sum{counts};
  skip_observer observer = [](void *user, const skip_step_event *event) {
    auto &sum = *static_cast<Sum *>(user);
    if (sum.counts[static_cast<size_t>(event->index)])
      sum.seconds += event->seconds;
  };
  if (llvm::Error error = library->check(library->api().contextObserve(context.get(), observer, &sum)))
    return error;
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
  double least = 0;
  bool isWhole = true;
  for (int64_t undisturbed = 0, tries = -1; undisturbed < kRuns && tries < kMostTries; ++tries) {
    long before = interruptions();
    if (tries >= 0)
      evictor.evict();
    evictor.touch(workspace.data(), workspace.size() * sizeof(CacheLine));
    sum.seconds = 0;
    if (llvm::Error error = library->run(context, images, input.data(), output.data()))
      return error;
    if (tries < 0)
      continue; // first touch of the memory
    undisturbed += interruptions() == before;
    least = tries == 0 ? sum.seconds : std::min(least, sum.seconds);
    if (tries >= kRuns && Clock::now() - start > kLongest)
      break;
    if (undisturbed < kRuns && isOver()) {
      isWhole = false;
      break;
    }
  }
  return Time{std::max<int64_t>(1, static_cast<int64_t>(least * 1e9)), isWhole};
}

void Candidate::remember(int64_t nanoseconds, int64_t placements, int64_t noise) {
  times.remember(nanoseconds, placements, noise);
  runs += placements;
}

llvm::Error Candidate::run(int64_t placements, Evictor &evictor, llvm::function_ref<bool()> isOver) {
  for (int64_t i = 0; i < placements && (times.isEmpty() || !isOver()); ++i) {
    if (llvm::Error error = place())
      return error;
    llvm::Expected<Time> time = leastTime(evictor, isOver);
    if (!time)
      return time.takeError();
    if (!time->isWhole && !times.isEmpty())
      break;
    times.add(time->least);
    ++runs;
  }
  nanoseconds = times.time();
  noise = times.noise();
  return llvm::Error::success();
}
