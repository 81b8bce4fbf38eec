// Writes safetensors files.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace skip::tool {

/// Collects tensors, then gives the file's bytes: 8 bytes length, a JSON header, the values.
class SafetensorsWriter {
public:
  /// `values` must live until finish().
  void add(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values);
  /// The same of any type that the format has; `bytes` are as many as shape and type take.
  void add(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::StringRef type, llvm::StringRef bytes);
  std::string finish() const;

private:
  struct Entry {
    std::string name, type;
    std::vector<int64_t> shape;
    llvm::StringRef bytes;
  };
  std::string header() const;

  std::vector<Entry> entries;
};

} // namespace skip::tool
