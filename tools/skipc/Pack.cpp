// `skipc pack`: a checkpoint as the file that a library maps. The library's manifest has the load table, so neither its spec
// nor its code is read; what it says is held against the binaries beside it.
#include "codegen/OutputFiles.h"
#include "codegen/ReadManifest.h"
#include "runtime/PackedFile.h"
#include "support/Printable.h"
#include "tools/compile/Lookalike.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/Overwriting.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/ShellWord.h"
#include "tools/weights/WeightsSource.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace skip;
using tool::badInput;
using tool::Options;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Far above what a manifest has: ResNet-1202's takes 1 MB.
static constexpr uint64_t mostManifestBytes = 64 << 20;

static llvm::Expected<std::string> readText(const std::string &file) {
  fs::file_status status;
  if (std::error_code code = fs::status(file, status))
    return badInput("cannot read `" + printable(file) + "`: " + code.message());
  if (!fs::is_regular_file(status)) // a pipe would be waited for
    return badInput("`" + printable(file) + "` is not the manifest of a library: it is not a regular file");
  if (status.getSize() > mostManifestBytes)
    return badInput("`" + printable(file) + "` is not the manifest of a library: it has " + llvm::Twine(status.getSize()) +
                    " bytes");
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer)
    return badInput("cannot read `" + printable(file) + "`: " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

static std::vector<std::string> manifestsIn(const std::string &folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (path::extension(entry->path()) != ".json")
      continue;
    llvm::Expected<std::string> text = readText(entry->path());
    if (!text)
      llvm::consumeError(text.takeError()); // then it is none
    else if (codegen::isManifest(*text))
      files.push_back(entry->path());
  }
  llvm::sort(files);
  return files;
}

/// --for names a manifest, or a folder that holds one.
static llvm::Expected<std::string> findManifest(const std::string &given) {
  if (!fs::exists(given))
    return badInput("--for: there is no `" + printable(given) +
                    "`: name the folder that `skipc build -o` wrote a library into");
  if (!fs::is_directory(given))
    return given;
  std::vector<std::string> files = manifestsIn(given);
  if (files.empty())
    return badInput("--for: `" + printable(given) +
                    "` has no library's manifest (NAME.json): name the folder that `skipc build -o` "
                    "wrote a library into");
  if (files.size() > 1)
    return badInput("--for: `" + printable(given) + "` has " + llvm::Twine(files.size()) +
                    " libraries: name one's manifest, such as `" + printable(files.front()) + "`");
  return files.front();
}

/// What has the library's code in it, of the files that a build writes.
static bool isBinary(llvm::StringRef file, llvm::StringRef name) {
  return file == name || file == (name + ".o").str() || file == ("lib" + name + ".a").str() ||
         file == ("lib" + name + ".so").str();
}

/// The binaries that lie beside the manifest are those that it describes; they may also lie elsewhere.
static llvm::Error checkBinaries(const codegen::ManifestWeights &library, const std::string &manifest) {
  codegen::FileSums found;
  std::vector<codegen::FileSums::Sum> expected;
  for (const codegen::FileSums::Sum &file : library.files) {
    llvm::SmallString<256> at(path::parent_path(manifest));
    path::append(at, file.name);
    if (!isBinary(file.name, library.image.name) || !fs::is_regular_file(at))
      continue;
    found.add(file.name, at.str().str());
    expected.push_back(file);
  }
  llvm::Expected<std::vector<codegen::FileSums::Sum>> sums = found.collect();
  if (!sums)
    return badInput(llvm::toString(sums.takeError()));
  for (auto [sum, wanted] : llvm::zip_equal(*sums, expected))
    if (sum.bytes != wanted.bytes || sum.sha256 != wanted.sha256)
      return badInput("`" + printable(sum.name) + "` is not the file that `" + printable(manifest) +
                      "` describes: its size or SHA-256 differs; build the library again, or copy both from one build");
  return llvm::Error::success();
}

static std::vector<tool::NamedShape> shapesOf(const codegen::Image &image) {
  std::vector<tool::NamedShape> shapes;
  for (const codegen::Tensor &tensor : image.tensors)
    shapes.push_back({tensor.name, llvm::SmallVector<int64_t, 4>(tensor.dims.begin(), tensor.dims.end())});
  return shapes;
}

namespace {
/// Where the files go: names in a folder that is there.
struct Output {
  std::string folder;
  std::vector<std::string> names; ///< of each target
};
} // namespace

static Output outputOf(const Options &options, const codegen::Image &image, const std::string &manifest) {
  llvm::StringRef given = options.output.empty() ? options.weights : options.output;
  bool isPacked = path::extension(given) == ".skipweights";
  std::string stem = (options.output.empty() || isPacked ? path::stem(given) : path::filename(given)).str();
  Output output{path::parent_path(options.output.empty() ? llvm::StringRef(manifest) : given).str(), {}};
  for (size_t target = 0; target < image.targets.size(); ++target)
    output.names.push_back(codegen::packedName(stem, image, target));
  if (!options.output.empty() && image.targets.size() == 1) // as it was asked for
    output.names = {path::filename(given).str()};
  return output;
}

static std::string pathOf(const Output &output, size_t target) {
  llvm::SmallString<256> file(output.folder);
  path::append(file, output.names[target]);
  return file.str().str();
}

/// The manifest has the sums of the build's own files.
static llvm::Error checkOutput(const Options &options, const Output &output, const codegen::ManifestWeights &library,
                               const std::string &manifest) {
  if (llvm::StringRef given = options.output; given.ends_with("/") || (!given.empty() && fs::is_directory(given)))
    return badInput("-o names the file to write, and `" + printable(given) + "` is a folder: -o " +
                    tool::shellWord((given.rtrim('/') + "/" + path::stem(options.weights) + ".skipweights").str()));
  for (size_t target = 0; target < output.names.size(); ++target)
    if (llvm::Error error = tool::refuseOverwriting(options, options.output.empty() ? "pack" : "-o", pathOf(output, target)))
      return error;
  if (!output.folder.empty() && !fs::is_directory(output.folder))
    return badInput("-o: there is no folder `" + printable(output.folder) + "`");
  llvm::StringRef home = path::parent_path(manifest);
  bool isHome = fs::equivalent(output.folder.empty() ? "." : output.folder, home.empty() ? "." : home);
  for (size_t target = 0; isHome && target < output.names.size(); ++target)
    if (output.names[target] == path::filename(manifest) ||
        llvm::any_of(library.files, [&](const codegen::FileSums::Sum &file) { return file.name == output.names[target]; }))
      return badInput("`" + printable(pathOf(output, target)) +
                      "` is a file of the build, which its manifest describes: write to another with -o");
  return llvm::Error::success();
}

static llvm::Error write(const codegen::ManifestWeights &library, llvm::ArrayRef<codegen::Segment> segments,
                         const Output &output) {
  codegen::OutputFiles files;
  if (llvm::Error error = files.open(output.folder))
    return error;
  for (size_t target = 0; target < segments.size(); ++target) {
    llvm::Expected<AtomicFile *> file = files.output(output.names[target]);
    if (!file)
      return file.takeError();
    if (llvm::Error error = codegen::writePacked(library.image, target, segments[target].bytes(), **file))
      return error;
  }
  return files.commit();
}

static void tell(const Options &options, const codegen::Image &image, const Output &output) {
  auto bytesOf = [&](size_t target) {
    return static_cast<int64_t>(image.targets[target].weightsBytes + sizeof(runtime::PackedHeader));
  };
  if (!options.json) {
    for (size_t target = 0; target < output.names.size(); ++target)
      llvm::outs() << "packed " << printable(pathOf(output, target)) << " for library " << printable(image.name) << ": "
                   << tool::withSeparators(bytesOf(target)) << " bytes\n";
    return;
  }
  options.reply->add([&](llvm::json::OStream &json) {
    json.attribute("model", image.name);
    json.attributeArray("files", [&] {
      for (size_t target = 0; target < output.names.size(); ++target)
        json.object([&] {
          tool::addText(json, "file", pathOf(output, target));
          json.attribute("bytes", bytesOf(target));
        });
    });
  });
}

llvm::Error tool::pack(const Options &options) {
  if (llvm::StringRef(options.weights).starts_with("random:"))
    return badInput("`" + options.weights + "`: random weights are made for a spec: `skipc build SPEC --weights " +
                    options.weights + " --weights-mode=file`");
  llvm::Expected<std::string> manifest = findManifest(options.library);
  if (!manifest)
    return manifest.takeError();
  llvm::Expected<std::string> text = readText(*manifest);
  if (!text)
    return text.takeError();
  llvm::Expected<codegen::ManifestWeights> library = codegen::readManifest(*text, *manifest);
  if (!library)
    return badInput(llvm::toString(library.takeError()));
  if (llvm::Error error = checkBinaries(*library, *manifest))
    return error;
  Output output = outputOf(options, library->image, *manifest);
  if (llvm::Error error = checkOutput(options, output, *library, *manifest))
    return error;
  NamingOptions naming = options.naming;
  naming.lookalike = lookalike;
  llvm::Expected<WeightsSource> weights =
      WeightsSource::openNamed(options.weights, library->image.name, shapesOf(library->image), naming);
  if (!weights)
    return weights.takeError();
  std::vector<codegen::Segment> segments(library->image.targets.size());
  for (size_t target = 0; target < segments.size(); ++target)
    if (llvm::Error error = weights->pack(library->image, target).moveInto(segments[target]))
      return error;
  weights->tellForgiven();
  if (llvm::Error error = write(*library, segments, output))
    return badInput(llvm::toString(std::move(error)));
  tell(options, library->image, output);
  return llvm::Error::success();
}
