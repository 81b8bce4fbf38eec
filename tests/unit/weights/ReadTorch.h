// A PyTorch file as the tests see it.
#pragma once

#include "runtime/Safetensors.h"
#include "tests/unit/weights/TorchFiles.h"
#include "tools/weights/pytorch/Image.h"

#include "llvm/ADT/StringExtras.h"

#include <catch2/catch.hpp>

namespace test {

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

inline std::string dimsText(llvm::ArrayRef<int64_t> shape) {
  std::string dims;
  for (int64_t dim : shape)
    dims += (dims.empty() ? "" : ",") + std::to_string(dim);
  return "[" + dims + "]";
}

/// A file's tensors as `name type [dims] bytes in hexadecimal`, by name, and those that are not read as `name kind [dims]`; or
/// the error.
struct Read {
  std::vector<std::string> tensors, unreadable;
  std::string note, error;
  explicit Read(const std::string &file) {
    llvm::Expected<skip::pytorch::Image> image = skip::pytorch::readImage(file, "net.pth");
    if (!image) {
      error = llvm::toString(image.takeError());
      return;
    }
    note = image->note;
    skip::runtime::Safetensors parsed;
    REQUIRE(parsed.parse(image->safetensors.data(), image->safetensors.size(), "image") == SKIP_OK);
    for (size_t i = 0; i < parsed.count(); ++i) {
      const skip::runtime::FileTensor &tensor = parsed[i];
      llvm::ArrayRef<uint8_t> bytes(tensor.data, static_cast<size_t>(tensor.bytes));
      tensors.push_back(std::string(tensor.name) + " " + tensor.typeName + " " +
                        dimsText({tensor.dims, static_cast<size_t>(tensor.rank)}) + " " + llvm::toHex(bytes, true));
    }
    for (const skip::tool::UnreadableTensor &tensor : image->unreadable)
      unreadable.push_back(tensor.name + " " + tensor.kind + (tensor.shape ? " " + dimsText(*tensor.shape) : ""));
  }
  bool says(const char *part) const { return error.find(part) != std::string::npos; }
  bool notes(const char *part) const { return note.find(part) != std::string::npos; }
};

inline std::string line(const std::string &name, const std::string &type, const std::string &dims, const std::string &bytes) {
  return name + " " + type + " [" + dims + "] " + llvm::toHex(bytes, true);
}

inline const std::string six = bytesOf<float>({0, 1, 2, 3, 4, 5});

/// A matrix `w` of 2 x 3 at the top of the stack.
inline PickleText &matrix(PickleText &pickle) { return pickle.tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}); }

/// A zip whose object `object` pushes.
inline std::string zipOf(const PickleText &object) { return torchZip(object.end(), {{"0", six}}); }

/// {"w": matrix}
inline PickleText &weights(PickleText &pickle, const std::string &name = "w") {
  return matrix(pickle.raw("}(").text(name)).raw("u");
}

} // namespace test
