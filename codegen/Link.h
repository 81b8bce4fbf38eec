// LLVM's linker, called in this process.
#pragma once

#include "support/AtomicFile.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::codegen {

struct SharedLink {
  std::string object;             // relocatable; its global symbols of default visibility are exported
  std::vector<std::string> stubs; // of the libraries that it will need
  std::string soname;
};

// Each writes its output under the output's temporary name; a disk that is full is an error that names the output and the
// reason.

/// One relocatable object of `inputs`, objects and archives (all members), in their order, without groups. The .eh_frame of all
/// but the last must be a multiple of 8 bytes long: padding in between would read as its end.
llvm::Error linkRelocatable(llvm::ArrayRef<std::string> inputs, AtomicFile &output);

/// A shared library that needs those that the stubs stand for and nothing else; an undefined symbol that none has is an error.
llvm::Error linkShared(const SharedLink &link, AtomicFile &output);

/// Writes a stand-in for the library `soname` that has `symbols`, for a machine without a libc to link against: what a library
/// links with is recorded in it by name only. `object` is scratch.
llvm::Error writeStub(const std::string &soname, llvm::ArrayRef<std::string> symbols, AtomicFile &object, AtomicFile &output);

} // namespace skip::codegen
