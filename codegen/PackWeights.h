// A checkpoint's weights segment, made by the runtime's own load table code.
#pragma once

#include "codegen/Image.h"
#include "runtime/Checkpoint.h"
#include "support/AtomicFile.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <cstdlib>

namespace skip::codegen {

/// Owns a weights segment, 64-byte aligned.
class Segment {
public:
  Segment() = default;
  Segment(char *memory, size_t size) : memory(memory), size(size) {}
  llvm::ArrayRef<char> bytes() const { return {memory.get(), size}; }

private:
  struct Free {
    void operator()(char *pointer) const { std::free(pointer); }
  };
  std::unique_ptr<char, Free> memory;
  size_t size = 0;
};

/// For one of the image's targets, from a checkpoint in memory; `shownPath` is for error texts. An error lists every missing,
/// extra or mis-shaped tensor.
llvm::Expected<Segment> packCheckpoint(const Image &image, size_t target, llvm::StringRef file, const std::string &shownPath,
                                       runtime::LoadSummary *summary = nullptr);

/// Writes the segment of one of the image's targets as a packed weights file (runtime/PackedFile.h), all but the commit.
llvm::Error writePacked(const Image &image, size_t target, llvm::ArrayRef<char> segment, AtomicFile &file);

/// `<stem>.skipweights`, of an image with several targets `<stem>.<target>.skipweights`.
std::string packedName(const std::string &stem, const Image &image, size_t target);

} // namespace skip::codegen
