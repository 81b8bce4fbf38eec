// lld as a library is made for this: it takes its driver's arguments and writes its messages to streams that we give. Its state
// is global, so calls take turns. Where the program would exit (a malformed object), it unwinds to the call, but only inside a
// crash recovery context, which has to be switched on: that sets handlers for SIGSEGV and its kind, none for SIGINT or SIGTERM.
// Such an exit leaves lld's state behind, and lld says that it may not be called again; tidying up after it makes that
// possible.
//
// lld writes into a pipe. A regular file it maps, whatever --no-mmap-output-file says (LLVM 22.1 has the two flags' meanings
// exchanged), and on a full disk the first write to a mapped page without space is a SIGBUS: no text, and lld's own temporary
// file stays. For a pipe it collects the output in memory, and we write the file ourselves.
#include "codegen/Link.h"

#include "codegen/OutputFiles.h"
#include "support/SystemError.h"

#include "lld/Common/CommonLinkerContext.h"
#include "lld/Common/Driver.h"
#include "llvm/ObjectYAML/yaml2obj.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/YAMLTraits.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace skip::codegen {

/// Drops what a link that ended early left behind; false if that crashed.
static bool tidyUp() {
  CrashRecoveryContext recovery;
  return recovery.RunSafely([] { lld::CommonLinkerContext::destroy(); });
}

namespace {
/// A pipe that lld writes into by name, and a thread that moves what comes out into a file.
class OutputPipe {
public:
  explicit OutputPipe(AtomicFile &file) : file(file) {}
  ~OutputPipe();
  OutputPipe(const OutputPipe &) = delete;
  OutputPipe &operator=(const OutputPipe &) = delete;

  Error open();
  std::string path() const { return "/proc/self/fd/" + std::to_string(ends[1]); }
  /// Waits until all is written. `linked`: lld has ended well, and so closed its end.
  Error finish(bool linked);

private:
  void move();

  AtomicFile &file;
  int ends[2] = {-1, -1}; // to read, to write
  std::thread mover;
  std::atomic<bool> abandoned = false;
  bool failed = false;
  std::string error;
};
} // namespace

OutputPipe::~OutputPipe() {
  for (int end : ends)
    if (end >= 0)
      ::close(end);
}

Error OutputPipe::open() {
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return createStringError(inconvertibleErrorCode(), describeSystemError("make a pipe for", file.path(), errno));
  try {
    mover = std::thread([this] { move(); });
  } catch (const std::system_error &failure) {
    return createStringError(inconvertibleErrorCode(),
                             describeSystemError("start a thread that writes", file.path(), failure.code().value()));
  }
  return Error::success();
}

/// To the end, also when the file can take no more: lld must not wait.
void OutputPipe::move() {
  std::vector<char> buffer(1 << 16);
  for (;;) {
    ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0 || abandoned)
      return;
    failed = failed || !file.write(buffer.data(), static_cast<size_t>(count), error);
  }
}

Error OutputPipe::finish(bool linked) {
  if (!linked) { // A crash may have left lld's end open, so that there would be no end of file.
    abandoned = true;
    (void)!::write(ends[1], "", 1);
  }
  ::close(std::exchange(ends[1], -1));
  mover.join();
  return failed ? createStringError(inconvertibleErrorCode(), error) : Error::success();
}

static Error runLinker(std::vector<std::string> arguments, AtomicFile &output) {
  static std::mutex turn;
  static bool unusable = false;
  std::lock_guard<std::mutex> guard(turn);
  if (unusable)
    return createStringError(inconvertibleErrorCode(), "the linker failed before and cannot run again in this process");
  OutputPipe pipe(output);
  if (Error error = pipe.open())
    return error;
  arguments.insert(arguments.end(), {"-o", pipe.path()});
  std::vector<const char *> pointers{"ld.lld", "-m", "elf_x86_64", "--threads=1"};
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string text;
  raw_string_ostream stream(text);
  CrashRecoveryContext::Enable();
  lld::Result result = lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  unusable = !result.canRunAgain && !(result.retCode == 1 && tidyUp());
  CrashRecoveryContext::Disable();
  Error writing = pipe.finish(result.retCode == 0);
  if (result.retCode == 0)
    return writing;
  consumeError(std::move(writing));
  std::string reason = StringRef(text).trim().str();
  if (StringRef(reason).contains(std::strerror(ENOMEM))) // lld then names a file that the user does not know
    return createStringError(inconvertibleErrorCode(), describeSystemError("link", output.path(), ENOMEM));
  if (!sys::fs::exists("/proc/self/fd"))
    reason = "/proc is not mounted, through which the linker writes";
  if (reason.empty())
    reason = "the linker ended with status " + std::to_string(result.retCode) + " while it made `" + output.path() + "`";
  return createStringError(inconvertibleErrorCode(), "cannot link: " + reason);
}

Error linkRelocatable(ArrayRef<std::string> inputs, AtomicFile &output) {
  std::vector<std::string> arguments{"-r", "--force-group-allocation", "--whole-archive"};
  arguments.insert(arguments.end(), inputs.begin(), inputs.end());
  return runLinker(std::move(arguments), output);
}

Error linkShared(const SharedLink &link, AtomicFile &output) {
  std::vector<std::string> arguments{"-shared",
                                     "--gc-sections",
                                     "--eh-frame-hdr",
                                     "--hash-style=gnu",
                                     "-z",
                                     "defs",
                                     "-z",
                                     "relro",
                                     "-z",
                                     "now",
                                     "-z",
                                     "noexecstack",
                                     "-soname",
                                     link.soname,
                                     link.object,
                                     "--no-as-needed"};
  arguments.insert(arguments.end(), link.stubs.begin(), link.stubs.end());
  return runLinker(std::move(arguments), output);
}

/// A relocatable object that defines `symbols` as functions, in the notation of yaml2obj.
static std::string stubText(ArrayRef<std::string> symbols) {
  std::string text = R"(--- !ELF
FileHeader: {Class: ELFCLASS64, Data: ELFDATA2LSB, Type: ET_REL, Machine: EM_X86_64}
Sections: [{Name: .text, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Size: 1}]
Symbols:
)";
  for (const std::string &name : symbols)
    text += "  - {Name: " + name + ", Type: STT_FUNC, Section: .text, Binding: STB_GLOBAL}\n";
  return text;
}

Error writeStub(const std::string &soname, ArrayRef<std::string> symbols, AtomicFile &object, AtomicFile &output) {
  std::string text = stubText(symbols), problems;
  yaml::Input input(text);
  if (Error error = writeThrough(object, [&](raw_ostream &out) {
        bool converted = yaml::convertYAML(input, out, [&](const Twine &problem) { problems += problem.str(); });
        return converted ? Error::success()
                         : createStringError(inconvertibleErrorCode(), "the stub of " + soname + ": " + problems);
      }))
    return error;
  return runLinker({"-shared", "-soname", soname, object.temporaryPath()}, output);
}

} // namespace skip::codegen
