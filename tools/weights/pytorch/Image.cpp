// A tensor is a window into a storage: an offset, sizes, and a stride for each. Row-major windows are taken as they lie, others
// are gathered. Since windows may overlap, and a stride of 0 repeats an element, a few bytes could describe any amount of
// tensors: together they may take mostGrowth times what the file's content takes.
#include "tools/weights/pytorch/Image.h"

#include "tools/text/Failure.h"
#include "tools/text/Wrap.h"
#include "tools/weights/SafetensorsWriter.h"
#include "tools/weights/pytorch/StateDict.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

#include <deque>

using namespace skip;
using namespace skip::pytorch;

static constexpr uint64_t mostGrowth = 4, freeGrowth = 1 << 20;
static constexpr size_t mostListed = 8; // in a note

namespace {
class Converter {
public:
  Converter(TorchFile &file, llvm::StringRef path, const StateDict &found) : file(file), path(path), found(found) {}
  llvm::Expected<Image> convert();

private:
  llvm::Error fail(llvm::StringRef name, const llvm::Twine &what) const;
  llvm::Error checkName(llvm::StringRef name) const;
  llvm::Error charge(llvm::StringRef name, const TensorRecord &tensor);
  llvm::Error add(llvm::StringRef name, const TensorRecord &tensor);
  std::string note() const;

  TorchFile &file;
  llvm::StringRef path;
  const StateDict &found;
  tool::SafetensorsWriter writer;
  std::vector<tool::UnreadableTensor> unreadable;
  std::deque<std::string> owned; // the bytes of tensors that are not taken as they lie
  uint64_t usedBytes = 0;
};
} // namespace

llvm::Error Converter::fail(llvm::StringRef name, const llvm::Twine &what) const {
  return tool::badInput("`" + path + "`: tensor `" + shown(name) + "` " + what +
                        "; load the file in PyTorch, and save `model.state_dict()` with torch.save");
}

/// As names stand in a safetensors header.
llvm::Error Converter::checkName(llvm::StringRef name) const {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(name.data());
  if (name.contains('\0') || !llvm::isLegalUTF8String(&begin, begin + name.size()))
    return fail(name, "has a name that is not UTF-8, or has a zero in it");
  return name == "__metadata__" ? fail(name, "has a name that safetensors keeps for itself") : llvm::Error::success();
}

llvm::Error Converter::charge(llvm::StringRef name, const TensorRecord &tensor) {
  uint64_t bytes = 0, most = mostGrowth * file.contentBytes() + freeGrowth;
  if (__builtin_mul_overflow(tensor.elements, tensor.type->bytes, &bytes) || bytes > most - std::min(most, usedBytes))
    return fail(name, "and those before it take more than " + llvm::Twine(mostGrowth) + " times what the file does");
  usedBytes += bytes;
  return llvm::Error::success();
}

static bool isRowMajor(const TensorRecord &tensor) {
  int64_t step = 1;
  for (size_t i = tensor.rank; i-- > 0; step *= tensor.dims[i])
    if (tensor.dims[i] > 1 && tensor.strides[i] != step)
      return false;
  return true;
}

/// The elements one by one, the last index first.
static std::string gather(const TensorRecord &tensor, llvm::StringRef storage) {
  std::string bytes;
  size_t size = tensor.type->bytes;
  bytes.reserve(tensor.elements * size);
  int64_t index[TensorRecord::mostRank] = {}, at = static_cast<int64_t>(tensor.offset);
  for (uint64_t i = 0; i < tensor.elements; ++i) {
    bytes.append(storage.data() + static_cast<size_t>(at) * size, size);
    for (size_t d = tensor.rank; d-- > 0;) {
      at += tensor.strides[d];
      if (++index[d] < tensor.dims[d])
        break;
      at -= tensor.strides[d] * tensor.dims[d];
      index[d] = 0;
    }
  }
  return bytes;
}

llvm::Error Converter::add(llvm::StringRef name, const TensorRecord &tensor) {
  if (!tensor.kind.empty()) {
    unreadable.push_back({.name = name.str(), .kind = tensor.kind.str(), .shape = {}});
    if (tensor.hasShape)
      unreadable.back().shape.emplace(tensor.dims, tensor.dims + tensor.rank);
    return llvm::Error::success();
  }
  llvm::Expected<llvm::StringRef> storage = file.storageOf(tensor);
  if (!storage)
    return storage.takeError();
  if (llvm::Error error = charge(name, tensor))
    return error;
  llvm::StringRef bytes =
      tensor.elements ? storage->substr(tensor.offset * tensor.type->bytes, tensor.elements * tensor.type->bytes) : "";
  if (tensor.elements && !isRowMajor(tensor))
    bytes = owned.emplace_back(gather(tensor, *storage));
  writer.add(name, llvm::ArrayRef(tensor.dims, tensor.rank), tensor.type->name, bytes);
  return llvm::Error::success();
}

std::string Converter::note() const {
  std::string text = "`" + path.str() + "`: read as a PyTorch file, " + tool::counted(found.tensors.size(), "tensor");
  if (!found.place.empty())
    text += " under `" + found.place + "`" + (found.byName ? ", which is called as scripts call a network" : "");
  if (!owned.empty())
    text += "; made " + tool::counted(owned.size(), "tensor") + " row-major";
  if (!unreadable.empty())
    text += "; " + tool::counted(unreadable.size(), "tensor") + " of a kind that is not read (`" + shown(unreadable[0].name) +
            "`, " + unreadable[0].kind + (unreadable.size() > 1 ? ", and so on)" : ")");
  if (!found.leftOut.empty()) {
    text += (found.byName ? "; passed over `" : "; left out `") +
            llvm::join(llvm::ArrayRef(found.leftOut).take_front(mostListed), "`, `") + "`";
    if (found.leftOut.size() > mostListed)
      text += " and " + std::to_string(found.leftOut.size() - mostListed) + " more";
  }
  return text;
}

llvm::Expected<Image> Converter::convert() {
  for (const auto &[name, value] : found.tensors) {
    if (llvm::Error error = checkName(name))
      return error;
    if (llvm::Error error = add(name, file.tensor(*value)))
      return error;
  }
  std::string done = note();
  return Image{.safetensors = writer.finish(), .unreadable = std::move(unreadable), .note = std::move(done)};
}

llvm::Expected<Image> pytorch::readImage(llvm::StringRef bytes, llvm::StringRef path) {
  llvm::Expected<std::unique_ptr<TorchFile>> file = TorchFile::open(bytes, path);
  if (!file)
    return file.takeError();
  llvm::Expected<StateDict> found = findStateDict(**file, path);
  if (!found)
    return found.takeError();
  return Converter(**file, path, *found).convert();
}
