// The manifest of a build: what the model takes and gives, and the files that belong together.
#pragma once

#include "codegen/TrainingImage.h"

#include "llvm/Support/Error.h"

#include <future>

namespace skip::codegen {

/// Size and SHA-256 of the files of a build, read in threads of their own from when each is complete.
class FileSums {
public:
  /// A file under its own name, and where its bytes are now.
  void add(std::string name, std::string path);
  size_t count() const { return pending.size(); }

  struct Sum {
    std::string name;
    size_t bytes;
    std::string sha256;
  };
  /// In the order of add(); once. The first that could not be read is the error.
  llvm::Expected<std::vector<Sum>> collect();

private:
  std::vector<std::future<llvm::Expected<Sum>>> pending;
};

/// JSON text without the files, which may be made before there are any. `weights` is `embedded`, `file` or `none`. Holds no
/// path and no time.
std::string modelText(const Image &image, const TrainingImage *training, const std::string &weights);

/// The same with the sums of all files.
llvm::Expected<std::string> manifestText(std::string model, FileSums &files);

} // namespace skip::codegen
