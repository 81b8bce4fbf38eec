// A file of torch.save: one object, and the bytes of the storages that its tensors lie in.
#pragma once

#include "tools/weights/pytorch/Objects.h"
#include "tools/weights/pytorch/Zip.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <optional>

namespace skip::pytorch {

class Pickle;

class TorchFile {
public:
  /// By content: a zip archive, or a pickle. A safetensors file is neither.
  static bool looksLike(llvm::StringRef file);
  /// `file` must outlive it; `path` is for texts only.
  static llvm::Expected<std::unique_ptr<TorchFile>> open(llvm::StringRef file, llvm::StringRef path);

  const Value &object() const { return *root; }
  const TensorRecord &tensor(const Value &value) const { return objects.tensors[static_cast<size_t>(value.number)]; }
  /// Whether two tensors lie in one storage.
  bool shareStorage(const TensorRecord &a, const TensorRecord &b) const;
  /// The bytes of the storage that a tensor lies in: as many as the pickle says, its checksum is right.
  llvm::Expected<llvm::StringRef> storageOf(const TensorRecord &tensor);
  /// What the file's content takes in memory: the file, and members that were inflated.
  uint64_t contentBytes() const { return file.size() + (zip ? zip->inflatedBytes() : 0); }
  /// A short name, kept as long as the file's values.
  llvm::StringRef save(const llvm::Twine &text) { return arena.save(text); }

private:
  TorchFile(llvm::StringRef file, llvm::StringRef path) : file(file), path(path.str()) {}
  llvm::Error fail(const llvm::Twine &where, const llvm::Twine &what) const;
  llvm::Error fail(const llvm::Twine &where, const llvm::Twine &what, llvm::StringRef advice) const;
  llvm::Expected<Value *> run(Pickle &pickle, llvm::StringRef where) const;
  llvm::Error readZip();
  llvm::Error readPickles();
  llvm::Expected<Value *> nextPickle(uint64_t &at, llvm::StringRef what);
  llvm::Error checkMagic(uint64_t &at);
  llvm::Error checkSystem(const Value &system) const;
  llvm::Error readStorages(const Value &keys, uint64_t at);
  llvm::Error readStorage(const Value &key, uint64_t &at);
  llvm::Error checkStorages();

  llvm::StringRef file;
  std::string path, prefix; // of the archive's members
  Arena arena;
  Objects objects{arena};
  Value *root = nullptr;
  std::optional<Zip> zip;
  llvm::StringMap<size_t> records;           // a storage's key: its first place in objects.storages
  llvm::StringMap<llvm::StringRef> storages; // by key; of an archive those read so far
};

} // namespace skip::pytorch
