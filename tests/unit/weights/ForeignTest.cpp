// Files of other kinds are told by their bytes.
#include "tools/weights/Foreign.h"

#include <catch2/catch.hpp>

using namespace skip;

static std::string refused(const std::string &bytes) { return llvm::toString(tool::refuseForeign(bytes, "x.bin")); }

TEST_CASE("what a file is, and what to do about it, stands in the error") {
  const std::pair<std::string, const char *> all[] = {
      {"\x89HDF\r\n\x1a\n",
       "`x.bin` is an HDF5 file, as Keras writes; safetensors files and those of torch.save are read: load it"},
      {"\x93NUMPY\1\0v\0{'descr'", "an array of numpy"},
      {std::string("GGUF\3\0\0\0", 8), "a GGUF file"},
      {std::string("\x1c\0\0\0TFL3", 8), "TensorFlow Lite"},
      {std::string(40, '\0') + "\x57\xfb\x80\x8b\x24\x75\x47\xdb", "the index of a TensorFlow checkpoint"},
      {"\x08\x01\x12\x80\x01", "a SavedModel"},
      {"\x08\x0a\x12\x07pytorch", "`x.bin` is an ONNX file, a network with its weights; `skipc import x.bin` makes a spec"},
      {"\x08\x07:\x80", "an ONNX file"},
      {"L119547037146038801333356L\n.", "a PyTorch file of pickle protocol 0 or 1; "},
      {"(dp0\nVw\n", "a pickle of protocol 0 or 1; "},
      {std::string("}q\0(U\1w", 7), "a pickle of protocol 0 or 1; "},
      {"ccollections\nOrderedDict\np0\n", "a pickle of protocol 0 or 1; "},
      {"\x1f\x8b\x08", "packed by gzip; unpack it first"},
      {std::string(257, 'a') + "ustar", "a tar archive; unpack it first"},
      {"sys_info" + std::string(249, '\0') + "ustar", "from before version 0.2, a tar archive; load it in PyTorch"},
      {"version https://git-lfs.github.com/spec/v1\noid",
       "a pointer of git-lfs, not the file that it stands for; `git lfs pull` fetches that"},
      {"\xef\xbb\xbf\n <!DOCTYPE HTML>", "a web page; download the checkpoint itself"},
      {"<html>", "a web page"},
      {"{\"weight_map\": {}}", "a JSON text, such as the index"},
      {"Access denied\x1b[2J", "nor one of PyTorch, or is damaged: its 17 bytes begin with `Access denied\\x1b[2J`"},
      {"\x80", "its 1 byte is `\\x80`"},
      {"", "its 0 bytes begin with ``"},
  };
  for (const auto &[bytes, text] : all) {
    INFO(bytes);
    CHECK_THAT(refused(bytes), Catch::Contains(text));
  }
}

TEST_CASE("an ONNX file that begins in another way is told by its name") {
  CHECK_THAT(llvm::toString(tool::refuseForeign("\x0a\x03net", "net.ONNX")),
             Catch::Contains("`net.ONNX` is an ONNX file by its name; `skipc import net.ONNX`"));
}

TEST_CASE("an archive is told by its members") {
  auto told = [](llvm::StringRef member) { return llvm::toString(tool::refuseForeignArchive({"metadata", member}, "x.zip")); };
  CHECK_THAT(told("conv1.weight.npy"), Catch::Contains("`x.zip` is an archive of numpy's arrays (.npz)"));
  CHECK_THAT(told("model.weights.h5"), Catch::Contains("a Keras file"));
  CHECK_THAT(told("net/archive_format"), Catch::Contains("a program of torch.export"));
  CHECK_THAT(told("a/b.safetensors"), Catch::Contains("a zip archive of checkpoints; unpack it first"));
  CHECK_THAT(told("a/net/data.pkl"), Catch::Contains("packed again"));
  CHECK_THAT(told("readme"), Catch::Contains("a zip archive, but none of torch.save: it has no member `NAME/data.pkl`"));
}
