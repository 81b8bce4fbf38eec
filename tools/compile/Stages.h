// What --stop-after shows.
#pragma once

#include "codegen/Package.h"
#include "tools/compile/Compile.h"

namespace skip::tool {

/// Runs the compilation up to options.stopAfter and writes that stage's text to options.output or stdout.
llvm::Error showStage(const Options &options);

/// Appends to `files` the kernels' texts at one stage, a file each (`<symbol>.mlir`, `.ll`, `.s`).
llvm::Error appendKernelFiles(Compilation &compilation, x86::Stage stage, std::vector<codegen::ExtraFile> &files);

/// Writes the same into a folder, all or none.
llvm::Error writeKernelFiles(Compilation &compilation, const std::string &folder, x86::Stage stage);

} // namespace skip::tool
