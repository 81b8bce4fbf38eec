// MPI is in a module of its own, so that nothing of it is loaded, or needed, where there is one process.
#include "tools/training/Processes.h"

#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <thread>

using namespace skip;
using tool::Processes;

/// As Open MPI tells each process that mpirun starts; 1 without it.
static int64_t startedProcesses() {
  const char *text = std::getenv("OMPI_COMM_WORLD_SIZE");
  int64_t count = 1;
  return text && !llvm::StringRef(text).getAsInteger(10, count) ? count : 1;
}

static std::string modulePath() {
  llvm::SmallString<256> path(llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&modulePath)));
  llvm::sys::path::remove_filename(path);
  llvm::sys::path::append(path, "..", "lib", "skip", "skip-mpi.so");
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  return path.str().str();
}

llvm::Expected<std::unique_ptr<Processes>> Processes::join() {
  std::unique_ptr<Processes> joined(new Processes);
  int64_t started = startedProcesses();
  if (started <= 1)
    return joined;
  std::string path = modulePath();
  if (!llvm::sys::fs::exists(path))
    return badInput("mpirun started " + llvm::Twine(started) +
                    " processes, and this skipc was built without MPI: install libopenmpi-dev "
                    "and openmpi-bin and build it again, or run one process");
  void *module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL); // global: Open MPI loads parts of itself, which look for it
  auto start = reinterpret_cast<skip_mpi_join_fn>(module ? ::dlsym(module, SKIP_MPI_JOIN) : nullptr);
  if (!start)
    return badInput("cannot load `" + path + "`: " + printable(::dlerror()));
  joined->mpi = start();
  if (!joined->mpi)
    return badInput("MPI cannot start");
  return joined;
}

Processes::~Processes() {
  if (mpi)
    mpi->leave();
}

llvm::Error Processes::broadcast(int32_t root, void *data, size_t bytes) const {
  if (!mpi || mpi->broadcast(nullptr, root, data, bytes) == 0)
    return llvm::Error::success();
  return internalError("train", "the exchange with the other processes failed");
}

llvm::Error Processes::requireSame(const std::string &text, llvm::StringRef what) const {
  uint64_t length = text.size();
  if (llvm::Error error = broadcast(0, &length, sizeof length))
    return error;
  std::string first = text;
  first.resize(length);
  if (llvm::Error error = broadcast(0, first.data(), length))
    return error;
  return first == text
             ? llvm::Error::success()
             : badInput("process " + llvm::Twine(process()) + " has another " + what + " than process 0 (" +
                        printable(firstDifference(first, text)) + "): all must have the same machine, files and arguments");
}

std::string tool::firstDifference(llvm::StringRef one, llvm::StringRef other) {
  while (!one.empty() || !other.empty()) {
    auto [line, rest] = one.split('\n');
    auto [otherLine, otherRest] = other.split('\n');
    if (line != otherLine)
      return (line.empty() ? otherLine : line).split('=').first.str();
    one = rest;
    other = otherRest;
  }
  return "";
}

int Processes::fail(llvm::function_ref<int()> say) {
  if (mpi && !isFirst()) // what went wrong in all is said once: the first one ends the others
    std::this_thread::sleep_for(std::chrono::seconds(2));
  int code = say();
  if (mpi)
    mpi->stop(code);
  return code;
}
