// All is written into a folder beside the one that was asked for, which then takes its name: so there is never half of one.
#include "tools/tuning/CandidateFolder.h"

#include "ir/plan/Plan.h"
#include "support/AtomicFile.h"
#include "support/SystemError.h"
#include "support/Temporaries.h"
#include "tools/text/Failure.h"
#include "tools/tuning/FileHash.h"
#include "tools/tuning/GpuCandidate.h"
#include "tools/tuning/Measurement.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

using namespace skip;

namespace {
/// The folder under its temporary name. What is in it goes with the object, or when the process is interrupted, until it is
/// renamed.
class Part {
public:
  explicit Part(const std::string &folder) : path(folder + ".part-" + std::to_string(getpid())) {}
  ~Part() {
    for (const std::string &file : files)
      unlink(file.c_str());
    if (isMade)
      rmdir(path.c_str());
    leave();
  }

  llvm::Error make() {
    if (path.size() + NAME_MAX >= PATH_MAX)
      return tool::badInput(describeSystemError("create the folder", path, ENAMETOOLONG));
    registrations.push_back(enterTemporary(path));
    isMade = mkdir(path.c_str(), 0777) == 0;
    return isMade ? llvm::Error::success() : tool::badInput(describeSystemError("create the folder", path, errno));
  }

  /// Where a file of that name is to be written.
  std::string place(const std::string &name) {
    files.push_back(path + "/" + name);
    registrations.push_back(enterTemporary(files.back()));
    return files.back();
  }

  llvm::Error rename(const std::string &folder) {
    SignalsLater later;
    if (std::rename(path.c_str(), folder.c_str()) != 0)
      return tool::badInput(describeSystemError("create the folder", folder, errno));
    files.clear();
    isMade = false;
    leave();
    return llvm::Error::success();
  }

private:
  void leave() {
    for (void *registration : registrations)
      leaveTemporary(registration);
    registrations.clear();
  }

  std::string path;
  bool isMade = false;
  std::vector<std::string> files;
  std::vector<void *> registrations;
};

struct Entry {
  std::string library, problem, choice, hash;
  uint64_t bytes = 0;
};
} // namespace

static std::string manifestOf(const std::vector<Entry> &entries) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, /*IndentSize=*/1);
  json.object([&] {
    json.attribute("skip-candidates", 2);
    json.attribute("compiler", tuning::compilerVersion());
    json.attributeArray("candidates", [&] {
      for (const Entry &entry : entries)
        json.object([&] {
          json.attribute("library", entry.library);
          json.attribute("bytes", entry.bytes);
          json.attribute("hash", entry.hash);
          json.attribute("problem", entry.problem);
          json.attribute("choice", entry.choice);
        });
    });
  });
  return text + "\n";
}

/// What tells that it came whole to the machine that measures.
static llvm::Error describeFile(const std::string &path, Entry &entry) {
  if (std::error_code code = llvm::sys::fs::file_size(path, entry.bytes))
    return tool::badInput("cannot read `" + path + "`: " + code.message());
  std::optional<std::string> hash = tuning::hashOfFile(path);
  if (!hash)
    return tool::badInput(describeSystemError("read", path, errno));
  entry.hash = *hash;
  return llvm::Error::success();
}

static llvm::Error refuseUsed(const std::string &folder) {
  bool isEmpty = true;
  if (llvm::sys::fs::is_directory(folder)) {
    std::error_code code;
    isEmpty = llvm::sys::fs::directory_iterator(folder, code) == llvm::sys::fs::directory_iterator() && !code;
  }
  if (isEmpty && (!llvm::sys::fs::exists(folder) || llvm::sys::fs::is_directory(folder)))
    return llvm::Error::success();
  return tool::badInput("--compile-only: `" + folder + "` is there already, and is no empty folder: name another one");
}

static llvm::Error tooLarge() {
  return tool::badInput("--compile-only: the candidates take more than " + llvm::Twine(tool::mostCandidateBytes >> 20) +
                            " MiB, which is what a machine with a GPU may be sent",
                        "name fewer SPECs or bounds of --batch");
}

llvm::Expected<tool::CandidateFolder> tool::writeCandidates(const std::string &folder,
                                                            const std::set<plan::CudaProblem> &problems,
                                                            plan::Architecture architecture, unsigned threads,
                                                            const std::function<void()> &onWritten) {
  std::string name = folder;
  while (name.size() > 1 && name.back() == '/')
    name.pop_back();
  if (llvm::Error error = refuseUsed(name))
    return error;
  Part part(name);
  if (llvm::Error error = part.make())
    return error;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<graph::GraphDialect, plan::PlanDialect, mlir::func::FuncDialect>();
  std::vector<Entry> entries;
  CandidateFolder made;
  const plan::Gpu &gpu = plan::gpuOfMajor(static_cast<int64_t>(architecture) / 10);
  for (const plan::CudaProblem &problem : problems)
    for (const plan::CudaChoice &choice : plan::choicesWorthMeasuring(problem, gpu)) {
      std::string library = "candidate-" + std::to_string(entries.size() + 1) + ".so", path = part.place(library);
      llvm::Expected<bool> isWritten = writeGpuCandidate(context, problem, choice, architecture, threads, path);
      if (!isWritten)
        return isWritten.takeError();
      onWritten();
      if (!*isWritten)
        continue;
      Entry entry{library, plan::problemText(problem), plan::choiceText(choice), "", 0};
      if (llvm::Error error = describeFile(path, entry))
        return error;
      entries.push_back(entry);
      made.bytes += entry.bytes;
      if (made.bytes > mostCandidateBytes)
        return tooLarge();
    }
  std::string text = manifestOf(entries), error;
  made.bytes += text.size();
  if (made.bytes > mostCandidateBytes)
    return tooLarge();
  if (!writeFileAtomically(part.place(candidateManifest), text, error))
    return badInput(error);
  made.candidates = static_cast<int64_t>(entries.size());
  if (llvm::Error failed = part.rename(name))
    return failed;
  return made;
}
