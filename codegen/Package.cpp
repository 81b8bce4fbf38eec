// How the files come about; each arrow is one file written under a temporary name:
//
//   image ----> image.o ---.
//   kernels --> kernels.a --+-> linked.o --> finished.o --+-> lib<name>.a --> <name>
//   runtime --> runtime.o --'   weights --'               +-> lib<name>.so
//                                                         `-> <name>.o
//
// What the archive holds, what the shared library is linked from and <name>.o are the same object, so all show the same
// symbols: in finished.o all but the API is local, whatever the kernels and the runtime call their functions, and any number of
// models link into one program.
#include "codegen/Package.h"

#include "codegen/CmakeConfig.h"
#include "codegen/EmitImage.h"
#include "codegen/Executable.h"
#include "codegen/Header.h"
#include "codegen/Link.h"
#include "codegen/LinkSymbols.h"
#include "codegen/Manifest.h"
#include "codegen/OutputFiles.h"
#include "codegen/PackWeights.h"
#include "codegen/RuntimeObject.h"
#include "support/Temporaries.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ArchiveWriter.h"

#include <climits>
#include <filesystem>
#include <future>

using namespace llvm;

namespace skip::codegen {

namespace {
/// One build; its functions are called once each, in the order of their declaration.
class Builder {
public:
  Builder(const PackageInput &input, OutputFiles &files) : input(input), image(input.image), files(files) {}

  /// To their file, or into what linkObject makes.
  Error writeWeights(WeightsMode mode);
  Error linkObject();
  Error writeShared(AtomicFile &output);
  Error writeObject(AtomicFile &output);
  Error writeArchive(AtomicFile &output);
  Error writeExecutable(AtomicFile &output, const AtomicFile &archive);

private:
  bool trains() const { return input.training; }
  Error writeKernels(AtomicFile &archive);

  const PackageInput &input;
  const Image &image;
  OutputFiles &files;
  bool embedsWeights = false;
  std::string object;
};
} // namespace

/// A file that a library wrote by name.
static Error takeOver(AtomicFile &file) {
  std::string error;
  return file.reopen(error) ? Error::success() : createStringError(inconvertibleErrorCode(), error);
}

static Expected<std::unique_ptr<MemoryBuffer>> readBack(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createFileError(path, buffer.getError());
  return std::move(*buffer);
}

static Error archiveOf(ArrayRef<NewArchiveMember> members, AtomicFile &output) {
  return writeThrough(output, [&](raw_ostream &out) {
    return writeArchiveToStream(out, members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                /*Deterministic=*/true, /*Thin=*/false, std::nullopt, [](Error ignored) {
                                  consumeError(std::move(ignored)); // Warnings are about archives of mixed machines.
                                });
  });
}

Error Builder::writeWeights(WeightsMode mode) {
  if (mode == WeightsMode::none)
    return Error::success();
  if (input.segments.size() != image.targets.size())
    return createStringError(inconvertibleErrorCode(), Twine(input.segments.size()) + " weights segments for " +
                                                           Twine(image.targets.size()) + " targets");
  for (auto [target, segment] : zip_equal(image.targets, input.segments))
    if (segment.size() != target.weightsBytes)
      return createStringError(inconvertibleErrorCode(), "the weights segment has " + Twine(segment.size()) +
                                                             " bytes, expected " + Twine(target.weightsBytes));
  embedsWeights = mode == WeightsMode::embed;
  if (embedsWeights)
    return Error::success();
  for (size_t target = 0; target < image.targets.size(); ++target) {
    Expected<AtomicFile *> file = files.output(packedName(image.name, image, target));
    if (!file)
      return file.takeError();
    if (Error error = writePacked(image, target, input.segments[target], **file))
      return error;
  }
  return Error::success();
}

Error Builder::writeKernels(AtomicFile &archive) {
  std::vector<NewArchiveMember> members;
  for (const std::string &kernel : input.kernels)
    members.emplace_back(MemoryBufferRef(kernel, "kernel.o"));
  return archiveOf(members, archive);
}

Error Builder::linkObject() {
  AtomicFile *scratch[5] = {};
  const char *names[] = {"runtime.o", "image.o", "kernels.a", "linked.o", "finished.o"};
  for (size_t i = 0; i < std::size(names); ++i)
    if (Error error = files.scratch(names[i]).moveInto(scratch[i]))
      return error;
  auto [runtimeFile, imageFile, kernelFile, linkedFile, finishedFile] = scratch;
  if (Error error = writeBytes(*runtimeFile, runtimeObject(image, trains())))
    return error;
  if (Error error = writeKernels(*kernelFile))
    return error;
  if (Error error = writeThrough(*imageFile,
                                 [&](raw_pwrite_stream &out) { return emitImage(image, input.training, embedsWeights, out); }))
    return error;
  // The runtime last: GNU ld made its object, with an .eh_frame of any length.
  if (Error error =
          linkRelocatable({imageFile->temporaryPath(), kernelFile->temporaryPath(), runtimeFile->temporaryPath()}, *linkedFile))
    return error;
  Expected<std::unique_ptr<MemoryBuffer>> linked = readBack(linkedFile->temporaryPath());
  if (!linked)
    return linked.takeError();
  object = finishedFile->temporaryPath();
  FinishOptions options{.image = image, .trains = trains()};
  if (embedsWeights)
    options.weights = input.segments;
  return writeThrough(*finishedFile, [&](raw_ostream &out) { return finishObject((*linked)->getBuffer(), options, out); });
}

Error Builder::writeShared(AtomicFile &output) {
  Expected<std::vector<std::string>> symbols = libcSymbols(image, trains());
  if (!symbols)
    return symbols.takeError();
  // Up to glibc 2.33 threads are in a library of their own, which a program may not have; later ones and musl answer to its
  // name.
  SharedLink link{.object = object, .stubs = {}, .soname = "lib" + image.name + ".so"};
  for (const char *soname : {"libpthread.so.0", "libc.so.6"}) {
    AtomicFile *stubObject = nullptr, *stub = nullptr;
    if (Error error = files.scratch(soname + std::string(".o")).moveInto(stubObject))
      return error;
    if (Error error = files.scratch(soname).moveInto(stub))
      return error;
    if (Error error = writeStub(soname, *symbols, *stubObject, *stub))
      return error;
    link.stubs.push_back(stub->temporaryPath());
  }
  return linkShared(link, output);
}

Error Builder::writeObject(AtomicFile &output) {
  Expected<std::unique_ptr<MemoryBuffer>> bytes = readBack(object);
  return bytes ? writeBytes(output, (*bytes)->getBuffer()) : bytes.takeError();
}

Error Builder::writeArchive(AtomicFile &output) {
  Expected<std::unique_ptr<MemoryBuffer>> bytes = readBack(object);
  if (!bytes)
    return bytes.takeError();
  std::string name = image.name + ".o";
  return archiveOf({NewArchiveMember(MemoryBufferRef((*bytes)->getBuffer(), name))}, output);
}

Error Builder::writeExecutable(AtomicFile &output, const AtomicFile &archive) {
  AtomicFile *source = nullptr, *messages = nullptr;
  if (Error error = files.scratch("main.c").moveInto(source))
    return error;
  if (Error error = files.scratch("cc.txt").moveInto(messages))
    return error;
  if (Error error = writeBytes(*source, executableSource(image)))
    return error;
  if (Error error = linkExecutable({.source = source->temporaryPath(),
                                    .archive = archive.temporaryPath(),
                                    .messages = messages->temporaryPath(),
                                    .output = output.temporaryPath()}))
    return error;
  return takeOver(output);
}

static Error checkName(const std::string &name) {
  bool valid = !name.empty() && !isDigit(name[0]);
  for (char character : name)
    valid &= isAlnum(character) || character == '_';
  if (valid)
    return Error::success();
  return createStringError(inconvertibleErrorCode(), "`" + name + "` cannot be a library's name: its functions are called `" +
                                                         name +
                                                         "_run` and the like; use letters, digits and `_`, no digit first");
}

/// Trainers run on the CPU alone.
static Error checkTraining(const PackageInput &input) {
  if (!input.training || (input.image.targets.size() == 1 && input.image.targets.front().target == SKIP_TARGET_X86))
    return Error::success();
  return createStringError(inconvertibleErrorCode(),
                           "a library that trains is built for target x86 alone; build one for cuda without training");
}

static Error writeNamed(OutputFiles &files, const std::string &name, const std::string &text) {
  Expected<AtomicFile *> file = files.output(name);
  return file ? writeBytes(**file, text) : file.takeError();
}

static Error writeLibraryTexts(OutputFiles &files, const PackageInput &input, const PackageOptions &options) {
  const Image &image = input.image;
  bool libraries = options.archive || options.shared;
  if (libraries || options.object) {
    if (Error error = writeNamed(files, image.name + ".h", headerText(image, input.training)))
      return error;
    if (Error error = writeNamed(files, image.name + ".hpp", cppHeaderText(image)))
      return error;
  }
  if (!libraries)
    return Error::success();
  if (Error error = writeNamed(files, cmakeVersionName(image.name), cmakeVersionText()))
    return error;
  return writeNamed(files, cmakeConfigName(image.name), cmakeConfigText(image.name, {options.archive, options.shared}));
}

/// Sums up what was written since the last call; all outputs that there are by now are complete.
static void sumUp(const OutputFiles &files, FileSums &sums) {
  for (const OutputFiles::Output &output : ArrayRef(files.outputs()).drop_front(sums.count()))
    sums.add(output.name, output.file->temporaryPath());
}

/// What the manifest says of the model: of a deep one it takes as long as the link, beside which it is made where a thread is
/// to be had.
static std::future<std::string> startManifest(const PackageInput &input, WeightsMode mode) {
  const char *const modes[] = {"none", "embedded", "file"};
  return std::async(std::launch::async | std::launch::deferred, modelText, std::cref(input.image), input.training,
                    modes[static_cast<size_t>(mode)]);
}

static Error writeManifest(OutputFiles &files, const PackageInput &input, std::string model, FileSums &sums) {
  Expected<std::string> text = manifestText(std::move(model), sums);
  return text ? writeNamed(files, input.image.name + ".json", *text) : text.takeError();
}

/// The archive is an output of its own, or only what the executable is linked from.
static Error writeBinaries(Builder &builder, OutputFiles &files, const std::string &name, const PackageOptions &options,
                           FileSums &sums) {
  std::string archiveName = "lib" + name + ".a";
  Expected<AtomicFile *> archive = options.archive ? files.output(archiveName) : files.scratch(archiveName);
  if (!archive)
    return archive.takeError();
  if (Error error = builder.writeArchive(**archive))
    return error;
  sumUp(files, sums); // beside the shared library's link
  if (options.shared) {
    Expected<AtomicFile *> shared = files.output("lib" + name + ".so", 0777);
    if (!shared)
      return shared.takeError();
    if (Error error = builder.writeShared(**shared))
      return error;
  }
  if (options.object) {
    Expected<AtomicFile *> object = files.output(name + ".o");
    if (!object)
      return object.takeError();
    if (Error error = builder.writeObject(**object))
      return error;
  }
  if (!options.executable)
    return Error::success();
  Expected<AtomicFile *> executable = files.output(name, 0777);
  return executable ? builder.writeExecutable(**executable, **archive) : executable.takeError();
}

namespace {
/// The folders that a build has to make for its files, on the list of what an interruption removes if it is empty by then.
class NewFolders {
public:
  explicit NewFolders(const std::string &folder) {
    std::error_code failed;
    std::filesystem::path path = std::filesystem::absolute(folder.empty() ? "." : folder, failed).lexically_normal();
    std::vector<std::string> missing; // innermost first
    for (; !failed && !path.empty() && !std::filesystem::exists(path, failed); path = path.parent_path())
      if (path.has_filename())
        missing.push_back(path.string());
    for (size_t i = missing.size(); i-- > 0;) // the list's last entries go first
      if (missing[i].size() < PATH_MAX)
        entries.push_back(enterTemporary(missing[i]));
  }
  ~NewFolders() {
    for (void *entry : entries)
      leaveTemporary(entry);
  }
  NewFolders(const NewFolders &) = delete;
  NewFolders &operator=(const NewFolders &) = delete;

private:
  std::vector<void *> entries;
};
} // namespace

Error writePackage(const PackageInput &input, const PackageOptions &options) {
  const Image &image = input.image;
  NewFolders made(options.folder);
  OutputFiles files;
  FileSums sums;
  Builder builder(input, files);
  if (Error error = checkName(image.name))
    return error;
  if (Error error = checkTraining(input))
    return error;
  if (Error error = files.open(options.folder))
    return error;
  if (Error error = builder.writeWeights(options.weights))
    return error;
  std::future<std::string> model = startManifest(input, options.weights);
  if (Error error = builder.linkObject())
    return error;
  if (Error error = writeBinaries(builder, files, image.name, options, sums))
    return error;
  if (Error error = writeLibraryTexts(files, input, options))
    return error;
  for (const ExtraFile &extra : input.extra)
    if (Error error = writeNamed(files, extra.name, extra.bytes))
      return error;
  sumUp(files, sums);
  if (Error error = writeManifest(files, input, model.get(), sums))
    return error;
  return files.commit();
}

Error writeSharedLibrary(const PackageInput &input, const std::string &path) {
  std::filesystem::path file(path);
  OutputFiles files;
  Builder builder(input, files);
  if (Error error = checkName(input.image.name))
    return error;
  if (Error error = checkTraining(input))
    return error;
  if (Error error = files.open(file.parent_path().string()))
    return error;
  Expected<AtomicFile *> output = files.output(file.filename().string(), 0777);
  if (!output)
    return output.takeError();
  if (Error error = builder.linkObject())
    return error;
  if (Error error = builder.writeShared(**output))
    return error;
  return files.commitUnflushed();
}

} // namespace skip::codegen
