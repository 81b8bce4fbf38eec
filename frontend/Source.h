// The texts that a compilation reads: files on disk, texts in memory, the command line's definitions.
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"
#include "llvm/Support/SourceMgr.h"

#include <optional>
#include <string>
#include <vector>

namespace skip::frontend {

/// A text that was opened: its number in the source manager and the path that messages show.
struct SourceFile {
  unsigned buffer = 0;
  std::string path;     ///< as shown to the user
  std::string identity; ///< the same for two paths to one file
};

/// A place for people: path, line and column, the latter two from 1.
struct SourcePosition {
  llvm::StringRef path;
  unsigned line, column;
};

/// Owns every text of a compilation. Ranges (SMRange) point into these texts and stay valid as long as this object lives.
class Sources {
public:
  /// `importPaths`: the folders searched for an imported file after the importing file's own.
  explicit Sources(std::vector<std::string> importPaths = {}) : importPaths(std::move(importPaths)) {}

  /// Makes `path` mean `text`, before any file on disk.
  void addText(llvm::StringRef path, llvm::StringRef text);

  /// Forbids reading files from disk: only texts in memory exist.
  void forbidDisk() { diskAllowed = false; }

  /// Opens `path`; nothing when it cannot be read or is larger than `limitBytes`, and then `why` says why.
  std::optional<SourceFile> open(llvm::StringRef path, uint64_t limitBytes, std::string &why);

  /// The path of `wanted` as imported by the file `importer`; nothing when it is in none of the folders.
  std::optional<std::string> findImport(llvm::StringRef wanted, llvm::StringRef importer) const;

  /// A text that is no file, as the command line's `-D name=value`; returns the range of all of it.
  llvm::SMRange addSnippet(llvm::StringRef title, llvm::StringRef text);

  llvm::StringRef text(const SourceFile &file) const { return manager.getMemoryBuffer(file.buffer)->getBuffer(); }
  SourcePosition position(llvm::SMLoc loc) const;
  const llvm::SourceMgr &sourceManager() const { return manager; }

private:
  bool exists(llvm::StringRef path) const;
  unsigned add(std::unique_ptr<llvm::MemoryBuffer> buffer);

  llvm::SourceMgr manager;
  std::vector<std::string> importPaths;
  llvm::StringMap<std::string> texts;
  std::vector<std::vector<const char *>> lineStarts; // by buffer: a network's operations all ask for their places
  bool diskAllowed = true;
};

} // namespace skip::frontend
