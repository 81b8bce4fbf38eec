// Reads and writes exports (ExportText.h) of measurements whose parts are known to be legal.
#pragma once

#include "tools/tuning/Measurement.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace skip::tuning {

std::string exportText(const std::vector<Measurement> &measurements);

bool isExport(llvm::StringRef text);

/// Entries that are well-formed, or rows of a database, and are not of this compiler's schedules.
struct Ignored {
  unsigned count = 0;
  std::string first; ///< where it stands, and its text: "`FILE`, line 7: `...`", escaped where it is not printable

  void add(const llvm::Twine &where, const llvm::Twine &text);
  /// "3 tuning entries are not of this compiler's schedules and were left out; the first is ..."
  std::string text() const;
};

/// Reads a text back; an error names `path` and the line. Lines whose choice is not legal for their problem are left out, and
/// told in `ignored`.
llvm::Expected<std::vector<Measurement>> importText(llvm::StringRef text, llvm::StringRef path, Ignored &ignored);

} // namespace skip::tuning
