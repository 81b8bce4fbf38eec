// The reader of PyTorch's files on any bytes: refused with a text that a terminal can show, or turned into a safetensors file
// that its own reader takes, and that is not larger than the bounds allow. A pickle is also tried inside of an archive whose
// checksums are right, which mutations of an archive seldom are.
#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "support/Printable.h"
#include "tests/fuzz/Require.h"
#include "tests/unit/weights/TorchFiles.h"
#include "tools/weights/Foreign.h"
#include "tools/weights/Naming.h"
#include "tools/weights/pytorch/Image.h"
#include "tools/weights/pytorch/TorchFile.h"

#include <vector>

using namespace skip;
using skip::fuzz::require;

/// Whatever the tensors are called, the file fits or the error can be shown, and what fits is sound.
static void checkNames(llvm::StringRef file, llvm::ArrayRef<tool::UnreadableTensor> unreadable) {
  const tool::NamedShape model[] = {{"conv.weight", {2, 3, 2, 2}}, {"conv.bias", {2}}};
  for (bool allowExtra : {false, true}) {
    tool::NamingOptions options;
    options.renames = {{"w", "conv.weight"}, {"", ""}};
    options.allowExtra = allowExtra;
    options.judged = !allowExtra;
    llvm::Expected<tool::Named> named = tool::meetNames(file, "fuzz", "net", model, options, unreadable);
    if (!named) {
      std::string text = llvm::toString(named.takeError());
      require(text == printableLines(text), "an error can be shown", text);
      continue;
    }
    for (const std::string &note : named->notes)
      require(note == printable(note), "a note can be shown", note);
    runtime::Safetensors parsed;
    require(named->file.empty() || parsed.parse(named->file.data(), named->file.size(), "named") == SKIP_OK,
            "the renamed file is sound", runtime::lastErrorText());
  }
}

static void check(llvm::StringRef file) {
  llvm::Expected<pytorch::Image> image = pytorch::readImage(file, "fuzz");
  if (!image) {
    std::string text = llvm::toString(image.takeError());
    require(!text.empty() && text.size() < 8192, "an error has a text", text);
    require(text == printable(text), "an error can be shown", text);
    return;
  }
  require(image->note == printable(image->note), "a note can be shown", image->note);
  require(image->safetensors.size() < (4 * 65 + 8) * file.size() + (16 << 20), "memory is bounded", image->note);
  runtime::Safetensors parsed;
  require(parsed.parse(image->safetensors.data(), image->safetensors.size(), "image") == SKIP_OK, "the image is sound",
          runtime::lastErrorText());
  require(parsed.count() + image->unreadable.size() > 0, "a network has tensors", image->note);
  for (const tool::UnreadableTensor &tensor : image->unreadable)
    require(!tensor.kind.empty() && tensor.kind == printable(tensor.kind), "a kind can be shown", tensor.kind);
  checkNames(image->safetensors, image->unreadable);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A copy of exactly this size, so that a sanitizer sees any read beyond it.
  std::vector<char> exact(data, data + size);
  llvm::StringRef file(exact.data(), exact.size());
  pytorch::TorchFile::looksLike(file);
  std::string text = llvm::toString(tool::refuseForeign(file, "fuzz"));
  require(text == printable(text), "what a file is can be shown", text);
  check(file);
  if (file.starts_with("\x80"))
    check(test::torchZip(file.str(), {{"0", std::string(96, '\1')}, {"1", std::string(8, '\2')}, {"2", std::string(8, '\3')}}));
  return 0;
}
