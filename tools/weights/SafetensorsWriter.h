// Writes safetensors files of F32 tensors.
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
  std::string finish() const;

private:
  struct Entry {
    std::string name;
    std::vector<int64_t> shape;
    llvm::ArrayRef<float> values;
  };
  std::string header() const;

  std::vector<Entry> entries;
};

} // namespace skip::tool
