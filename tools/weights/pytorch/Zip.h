// Reads zip archives as torch.save writes them, and as `zip` would write them again.
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::pytorch {

/// The members of an archive, whose bytes must outlive it. Nothing that the archive says is believed before it was compared
/// with the file: places, sizes, names in both headers, checksums.
class Zip {
public:
  struct Member {
    llvm::StringRef name;
    uint64_t packedBytes = 0, bytes = 0, header = 0;
    uint32_t checksum = 0;
    uint16_t flags = 0, method = 0;
    std::string inflated; // once it was read
  };
  /// What a deflated archive may take: so many times the file's size, and a little.
  static constexpr uint64_t mostGrowth = 64, freeGrowth = 1 << 20;

  static bool looksLike(llvm::StringRef file) { return file.starts_with(llvm::StringRef("PK\3\4", 4)); }
  /// `path` is for texts only.
  static llvm::Expected<Zip> open(llvm::StringRef file, llvm::StringRef path);

  const std::vector<Member> &members() const { return table; }
  bool has(llvm::StringRef name) const { return byName.contains(name); }
  /// The member's bytes, in the file or inflated; lives as long as the archive.
  llvm::Expected<llvm::StringRef> read(llvm::StringRef name);
  /// Of all members that were inflated so far.
  uint64_t inflatedBytes() const { return inflatedTotal; }

private:
  struct Directory {
    uint64_t begin = 0, bytes = 0, entries = 0;
  };
  llvm::Error fail(const llvm::Twine &where, const llvm::Twine &what) const;
  llvm::Expected<Directory> findDirectory() const;
  std::string missingEnd() const;
  llvm::Error readWide(uint64_t end, Directory &directory) const;
  llvm::Error readDirectory(const Directory &directory);
  llvm::Error readEntry(uint64_t &at, uint64_t end);
  llvm::Error readWideSizes(Member &member, llvm::StringRef extra, uint64_t at) const;
  llvm::Error refuseMember(const Member &member, uint64_t at) const;
  llvm::Expected<llvm::StringRef> packed(const Member &member) const;
  llvm::Error inflateMember(Member &member, llvm::StringRef from);

  llvm::StringRef file;
  std::string path;
  uint64_t directoryBegin = 0, inflatedTotal = 0;
  std::vector<Member> table;
  llvm::StringMap<size_t> byName;
};

} // namespace skip::pytorch
