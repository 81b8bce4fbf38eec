// What --stop-after shows.
#pragma once

#include "codegen/Package.h"
#include "tools/compile/Compile.h"

namespace skip::tool {

/// Runs the compilation up to `stage`, as --stop-after names it, and writes that stage's text to the file `output`. Empty or
/// `-`: to stdout.
llvm::Error showStage(const CompileOptions &options, const PlanRequest &request, llvm::StringRef stage,
                      const std::string &output);

/// Appends to `files` the kernels' texts at one stage, a file each (`<symbol>.mlir`, `.ll`, `.s` or `.ptx`).
llvm::Error appendKernelFiles(Compilation &compilation, x86::Stage stage, std::vector<codegen::ExtraFile> &files);

/// Writes the same into a folder, all or none.
llvm::Error writeKernelFiles(Compilation &compilation, const std::string &folder, x86::Stage stage);

} // namespace skip::tool
