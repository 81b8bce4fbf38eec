// Reads and writes exports (ExportText.h) of measurements whose parts are known to be legal.
#pragma once

#include "tools/tuning/Measurement.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace skip::tuning {

std::string exportText(const std::vector<Measurement> &measurements);

bool isExport(llvm::StringRef text);

/// Reads a text back; an error names `path` and the line. Lines whose choice is not legal for their problem are left out, and
/// counted in `ignored`.
llvm::Expected<std::vector<Measurement>> importText(llvm::StringRef text, llvm::StringRef path, unsigned &ignored);

} // namespace skip::tuning
