// What --weights names: a checkpoint's bytes.
#pragma once

#include "codegen/PackWeights.h"
#include "runtime/MappedFile.h"
#include "tools/weights/Naming.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace skip::tool {

/// The bytes of a checkpoint: a mapped file; in memory, random weights or a PyTorch file's tensors.
class WeightsSource {
public:
  /// `text` is a path or `random:SEED`; `model` is the graph before any pass. A checkpoint's tensors get the model's names
  /// (Naming.h). What was done to a file is said at once.
  static llvm::Expected<WeightsSource> open(llvm::StringRef text, mlir::func::FuncOp model, const NamingOptions &naming = {});

  /// A file's tensors get the names of the model called `modelName`, which has these `tensors`.
  static llvm::Expected<WeightsSource> openNamed(llvm::StringRef path, llvm::StringRef modelName,
                                                 llvm::ArrayRef<NamedShape> tensors, const NamingOptions &naming);

  /// A file of any model; names stay as the file has them.
  static llvm::Expected<WeightsSource> openFile(llvm::StringRef path);

  const void *data() const { return file ? static_cast<const void *>(file->data()) : memory.data(); }
  size_t size() const { return file ? file->size() : memory.size(); }
  const std::string &path() const { return name; }
  /// Tensors that the file has beside those in `data`.
  llvm::ArrayRef<UnreadableTensor> unreadable() const { return others; }
  /// What a training left in the checkpoint (Metadata.h); mostly none.
  llvm::ArrayRef<std::string> classNames() const { return classes; }

  /// The weights segment of the image's `target`th target, made by the load table that libraries run too. A packed weights file
  /// of this very model and target does too.
  llvm::Expected<codegen::Segment> pack(const codegen::Image &image, size_t target) const;

  /// An error if this is no checkpoint of that model, or holds NaN: cheap, nothing is packed.
  llvm::Error check(const codegen::Image &image) const;

  /// Says what the naming rules forgave in this checkpoint.
  void tellForgiven() const;

private:
  llvm::Error openFile();

  std::string name, memory;
  std::vector<std::string> classes;
  std::vector<UnreadableTensor> others;
  std::unique_ptr<runtime::MappedFile> file;
};

} // namespace skip::tool
