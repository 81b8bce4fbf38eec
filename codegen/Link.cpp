// lld as a library is made for this: it takes its driver's arguments and writes its messages to streams that we give. Its state
// is global, so calls take turns. Where the program would exit (a malformed object), it unwinds to the call, but only inside a
// crash recovery context, which has to be switched on: that sets handlers for SIGSEGV and its kind, none for SIGINT or SIGTERM.
// Such an exit leaves lld's state behind, and lld says that it may not be called again; tidying up after it makes that
// possible.
#include "codegen/Link.h"

#include "support/Temporaries.h"

#include "lld/Common/CommonLinkerContext.h"
#include "lld/Common/Driver.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/InterfaceStub/ELFObjHandler.h"
#include "llvm/InterfaceStub/IFSStub.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace skip::codegen {

/// Drops what a link that ended early left behind; false if that crashed.
static bool tidyUp() {
  CrashRecoveryContext recovery;
  return recovery.RunSafely([] { lld::CommonLinkerContext::destroy(); });
}

static Error runLinker(const std::vector<std::string> &arguments) {
  static std::mutex turn;
  static bool unusable = false;
  std::lock_guard<std::mutex> guard(turn);
  if (unusable)
    return createStringError(inconvertibleErrorCode(), "the linker failed before and cannot run again in this process");
  std::vector<const char *> pointers{"ld.lld"};
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string text;
  raw_string_ostream stream(text);
  SignalsLater held; // lld writes under a temporary name of its own, which an interruption would leave behind
  CrashRecoveryContext::Enable();
  lld::Result result = lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  unusable = !result.canRunAgain && !(result.retCode == 1 && tidyUp());
  CrashRecoveryContext::Disable();
  if (result.retCode == 0)
    return Error::success();
  return createStringError(inconvertibleErrorCode(), "cannot link: " + StringRef(text).trim());
}

Error linkRelocatable(ArrayRef<std::string> inputs, const std::string &output) {
  std::vector<std::string> arguments{"-m", "elf_x86_64", "-r", "--force-group-allocation", "--threads=1", "--whole-archive"};
  arguments.insert(arguments.end(), inputs.begin(), inputs.end());
  arguments.insert(arguments.end(), {"-o", output});
  return runLinker(arguments);
}

Error linkShared(const SharedLink &link) {
  return runLinker({"-m",
                    "elf_x86_64",
                    "-shared",
                    "--threads=1",
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
                    "-o",
                    link.output,
                    link.object,
                    "--no-as-needed",
                    link.libcStub});
}

Error writeLibcStub(ArrayRef<std::string> symbols, const std::string &output) {
  ifs::IFSStub stub;
  stub.IfsVersion = VersionTuple(3, 0);
  stub.SoName = "libc.so.6";
  stub.Target.Arch = ELF::EM_X86_64;
  stub.Target.BitWidth = ifs::IFSBitWidthType::IFS64;
  stub.Target.Endianness = ifs::IFSEndiannessType::Little;
  for (const std::string &name : symbols) {
    ifs::IFSSymbol &symbol = stub.Symbols.emplace_back(name);
    symbol.Type = ifs::IFSSymbolType::Func;
    symbol.Size = 0;
  }
  SignalsLater held; // as in runLinker
  return ifs::writeBinaryStub(output, stub);
}

} // namespace skip::codegen
