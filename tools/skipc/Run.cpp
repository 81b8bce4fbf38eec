// `skipc run`: pictures to class names, or tensors to tensors.
#include "support/Printable.h"
#include "tools/data/ClassNames.h"
#include "tools/data/Npy.h"
#include "tools/running/ClassOutput.h"
#include "tools/running/Preprocessing.h"
#include "tools/running/Session.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/Overwriting.h"
#include "tools/skipc/RunReport.h"
#include "tools/skipc/StartSession.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

#include <cmath>

using namespace skip;
using tool::Options;
using tool::Ports;

namespace {
/// All images of a run, port by port.
struct Batch {
  int64_t images = 0;
  std::vector<std::string> names;          ///< of the pictures
  std::vector<std::vector<float>> inputs;  ///< by port
  std::vector<std::vector<float>> outputs; ///< empty: not wanted
};
} // namespace

static std::vector<std::string> namesOf(const auto &ports) {
  std::vector<std::string> names;
  for (const auto &port : ports)
    names.push_back("`" + port.name + "`");
  return names;
}

/// Of --input or --output, which are given for each.
static llvm::Error wrongCount(const std::string &what, const std::vector<std::string> &names, size_t given) {
  std::string ending = names.size() == 1 ? "" : "s", order = names.size() == 1 ? "" : " for each, in this order";
  return tool::badInput("the model has " + llvm::Twine(names.size()) + " " + what + ending + ", " + llvm::join(names, ", ") +
                            "; --" + what + " was given " + llvm::Twine(given) + (given == 1 ? " time" : " times"),
                        "give a file" + order);
}

static llvm::Error checkUsage(const Options &options, const Ports &ports) {
  if (options.pictures.empty() == options.inputs.empty())
    return tool::badInput("give pictures, or tensors with --input, and not both");
  if (!options.inputs.empty() && options.inputs.size() != ports.inputs.size())
    return wrongCount("input", namesOf(ports.inputs), options.inputs.size());
  if (!options.outputs.empty() && options.outputs.size() != ports.outputs.size())
    return wrongCount("output", namesOf(ports.outputs), options.outputs.size());
  for (auto [index, output] : llvm::enumerate(options.outputs)) {
    if (llvm::is_contained(llvm::ArrayRef(options.outputs).drop_front(index + 1), output))
      return tool::badInput("--output names " + quotedName(output) + " twice, of which one would be lost", "give two names");
    if (llvm::Error error = tool::refuseOverwriting(options, "--output", output))
      return error;
  }
  return llvm::Error::success();
}

static llvm::Error readPictures(const Options &options, const Ports &ports, Batch &batch) {
  llvm::Expected<tool::Preprocessing> preprocessing = tool::Preprocessing::of(ports, options);
  if (!preprocessing)
    return preprocessing.takeError();
  int64_t elements = ports.inputs[0].elements();
  batch.images = static_cast<int64_t>(options.pictures.size());
  batch.names = options.pictures;
  batch.inputs.assign(1, std::vector<float>(batch.images * elements));
  for (int64_t i = 0; i < batch.images; ++i) {
    std::string error;
    std::optional<data::Picture> picture = data::readPicture(options.pictures[i], error);
    if (!picture)
      return tool::badInput(error);
    if (!preprocessing->apply(*picture, batch.inputs[0].data() + i * elements, error))
      return tool::badInput("`" + options.pictures[i] + "`: " + error);
  }
  return llvm::Error::success();
}

/// A tensor's shape is the port's with the number of images in front, or of one image the port's alone.
static llvm::Error readTensor(const std::string &path, const tool::InputPort &port, Batch &batch) {
  std::string error;
  std::optional<data::NpyArray> array = data::readNpy(path, error);
  if (!array)
    return tool::badInput(error);
  if (array->shape == port.dims)
    array->shape.insert(array->shape.begin(), 1);
  std::vector<int64_t> wanted = port.dims;
  wanted.insert(wanted.begin(), array->shape.empty() ? 1 : array->shape[0]);
  if (array->shape != wanted || wanted[0] < 1)
    return tool::badInput(quotedName(path) + " is " + data::formatShape(array->shape) + ", the input `" + port.name +
                          "` takes " + tool::shapeText(port.dims) + " for one image, or N of them");
  if (!batch.inputs.empty() && batch.images != wanted[0])
    return tool::badInput(quotedName(path) + " holds " + llvm::Twine(wanted[0]) + " images, the input before it " +
                          llvm::Twine(batch.images));
  batch.images = wanted[0];
  batch.inputs.push_back(std::move(array->values));
  return llvm::Error::success();
}

static llvm::Error readInputs(const Options &options, const Ports &ports, Batch &batch) {
  if (!options.pictures.empty())
    return readPictures(options, ports, batch);
  for (auto [path, port] : llvm::zip_equal(options.inputs, ports.inputs))
    if (llvm::Error error = readTensor(path, port, batch))
      return error;
  for (int64_t i = 0; i < batch.images; ++i)
    batch.names.push_back(options.inputs[0] + "[" + std::to_string(i) + "]");
  return llvm::Error::success();
}

/// All outputs where they are written to files, else the classes alone.
static llvm::Error runAll(tool::Runner &runner, const Options &options, const Ports &ports, size_t classes, int64_t atOnce,
                          Batch &batch) {
  for (size_t i = 0; i < ports.outputs.size(); ++i)
    batch.outputs.emplace_back(options.outputs.empty() && i != classes ? 0 : batch.images * ports.outputs[i].elements());
  for (int64_t first = 0; first < batch.images; first += atOnce) {
    std::vector<const float *> inputs;
    std::vector<float *> outputs;
    for (size_t i = 0; i < ports.inputs.size(); ++i)
      inputs.push_back(batch.inputs[i].data() + first * ports.inputs[i].elements());
    for (size_t i = 0; i < ports.outputs.size(); ++i)
      outputs.push_back(batch.outputs[i].empty() ? nullptr : batch.outputs[i].data() + first * ports.outputs[i].elements());
    if (llvm::Error error = runner.run(std::min(atOnce, batch.images - first), inputs, outputs))
      return error;
  }
  return llvm::Error::success();
}

/// NaN or infinity in a result come from the weights or the input, and no class is the best among them.
static llvm::Error checkFinite(const Ports &ports, const Batch &batch) {
  for (auto [port, values] : llvm::zip_equal(ports.outputs, batch.outputs))
    if (!llvm::all_of(values, [](float value) { return std::isfinite(value); }))
      return tool::checkFailed("the output `" + port.name +
                               "` holds NaN or infinity: look for such values in the weights and the input");
  return llvm::Error::success();
}

static llvm::Error writeTensors(const Options &options, const Ports &ports, const Batch &batch) {
  for (size_t i = 0; i < options.outputs.size(); ++i) {
    std::vector<int64_t> shape = ports.outputs[i].dims;
    shape.insert(shape.begin(), batch.images);
    std::string error;
    if (!data::writeNpy(options.outputs[i], shape, batch.outputs[i], error))
      return tool::badInput(error);
  }
  return llvm::Error::success();
}

static llvm::Expected<std::vector<std::string>> classNames(const Options &options, const tool::OutputPort &port) {
  if (options.classes.empty())
    return port.classes;
  std::string error;
  std::optional<std::vector<std::string>> names = data::readClassNames(options.classes, error);
  if (!names)
    return tool::badInput(error);
  if (static_cast<int64_t>(names->size()) != port.elements())
    return tool::badInput(quotedName(options.classes) + " names " + llvm::Twine(names->size()) + " classes, the model has " +
                          llvm::Twine(port.elements()));
  return std::move(*names);
}

namespace {
/// Which output is the classes, and what these are called. None of outputs that are written to files.
struct Classes {
  std::optional<size_t> output;
  std::vector<std::string> names;
};
} // namespace

static llvm::Expected<Classes> classesOf(const Options &options, const Ports &ports) {
  Classes classes;
  llvm::Expected<size_t> chosen = tool::classOutput(ports, options.outputName);
  if (!chosen && (options.outputs.empty() || !options.outputName.empty() || !options.classes.empty()))
    return chosen.takeError();
  if (!chosen) {
    llvm::consumeError(chosen.takeError());
    return classes;
  }
  classes.output = *chosen;
  if (llvm::Error error = classNames(options, ports.outputs[*chosen]).moveInto(classes.names))
    return error;
  return classes;
}

/// Where neither the spec nor --classes names them, the checkpoint of a training may; its folders may be of fewer classes than
/// the model has. They are those of the output that was trained.
static void takeNames(const Options &options, const tool::Compilation &compilation, const tool::Session &session,
                      const Ports &ports, Classes &classes) {
  llvm::ArrayRef<std::string> found = session.classNames();
  if (!classes.output || !classes.names.empty() || found.empty())
    return;
  const tool::OutputPort &port = ports.outputs[*classes.output];
  if (ports.outputs.size() > 1 && !(compilation.recipe() && compilation.recipe()->output == port.name))
    return;
  if (static_cast<int64_t>(found.size()) <= port.elements())
    classes.names = found.vec();
  else
    tool::note(quotedName(options.weights) + " names " + llvm::Twine(found.size()) + " classes, and the model has " +
               llvm::Twine(port.elements()) + ": the names are not shown");
}

/// Compiles, runs and tells what came of it.
static llvm::Error runBatch(const Options &options, tool::Compilation &compilation, const Ports &ports, Classes classes,
                            Batch &batch) {
  std::vector<int64_t> bounds = tool::batchBounds(options, {std::min<int64_t>(batch.images, 16)});
  llvm::Expected<tool::Session> session = tool::startSession(options, compilation, bounds);
  if (!session)
    return session.takeError();
  takeNames(options, compilation, *session, ports, classes);
  llvm::Expected<std::unique_ptr<tool::Runner>> runner = session->runner(options.threads);
  if (!runner)
    return runner.takeError();
  if (llvm::Error error = runAll(**runner, options, ports, classes.output.value_or(0), bounds.back(), batch))
    return error;
  if (llvm::Error error = checkFinite(ports, batch))
    return error;
  if (llvm::Error error = writeTensors(options, ports, batch))
    return error;
  tool::reportRun(options, {.pictures = batch.names,
                            .classes = classes.output ? &ports.outputs[*classes.output] : nullptr,
                            .classNames = classes.names,
                            .scores = batch.outputs[classes.output.value_or(0)],
                            .isa = (*runner)->isa()});
  return llvm::Error::success();
}

llvm::Error tool::run(const Options &options) {
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  Ports ports = describePorts(modelOf(compilation.module()));
  if (llvm::Error error = checkUsage(options, ports))
    return error;
  llvm::Expected<Classes> classes = classesOf(options, ports);
  if (!classes)
    return classes.takeError();
  Batch batch;
  if (llvm::Error error = readInputs(options, ports, batch))
    return error;
  return runBatch(options, compilation, ports, std::move(*classes), batch);
}
