// What a pickle's globals mean: the closed list of those that tensors are made of. All others make opaque values.
#pragma once

#include "tools/weights/pytorch/Value.h"

namespace skip::pytorch {

/// How an element is called in PyTorch and in safetensors, and what it takes. Safetensors has no name for some.
struct ElementType {
  llvm::StringRef storage, dtype, name; // `FloatStorage`, `float32`, `F32`
  uint64_t bytes;
};

struct StorageRecord {
  llvm::StringRef key;
  const ElementType *type = nullptr; // of bytes, if null
  uint64_t elements = 0;
  llvm::StringRef viewKey; // the old form's views: the elements from `viewBegin` on of the storage `key`,
  uint64_t viewBegin = 0;  // which are known by this key
  uint64_t viewElements = 0;
};

/// A tensor whose elements all lie in its storage; or one that is no window into numbers, of which only its shape is known, if
/// that.
struct TensorRecord {
  static constexpr size_t mostRank = 8;
  llvm::StringRef kind; // of a tensor whose elements cannot be read: `quantized qint8`; else empty
  bool hasShape = true;
  const ElementType *type = nullptr;
  size_t storage = 0;
  uint64_t offset = 0, elements = 1; // the offset in elements
  size_t rank = 0;
  int64_t dims[mostRank] = {};
  int64_t strides[mostRank] = {};
};

/// Makes objects of plain values. Each function gives null, and `problem` says why, where the pickle is not one of torch.save.
class Objects {
public:
  explicit Objects(Arena &arena) : arena(arena) {}

  /// callable(*arguments), in Python's terms.
  Value *call(Value &callable, Value &arguments);
  /// What torch.save stores beside the pickle: a storage; or the class of a whole network.
  Value *persistent(Value &id);
  Value *opaque(llvm::StringRef name);

  std::vector<StorageRecord> storages;
  std::vector<TensorRecord> tensors;
  std::string problem;

private:
  Value *reject(const char *text) {
    problem = text;
    return nullptr;
  }
  Value *orderedDict(Value &arguments);
  Value *tensor(const Value &arguments, const ElementType *type);
  Value *tensorOfBytes(const Value &arguments);
  Value *tensorOfSubclass(Value &callable, Value &arguments);
  Value *unreadable(const llvm::Twine &kind, const Value *sizes);
  Value *tensorOfKind(llvm::StringRef function, const Value &arguments);
  Value *add(const TensorRecord &record);
  bool place(TensorRecord &record, const Value &sizes, const Value &strides);
  bool withinStorage(const TensorRecord &record, const StorageRecord &storage);
  bool readView(StorageRecord &record, const Value &view);

  Arena &arena;
};

} // namespace skip::pytorch
