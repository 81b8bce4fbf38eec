// A tensor is raw bytes, or a list of numbers of the type's own field, or a range of another file. Nothing is allocated by the
// sizes that it declares: there must be exactly as many bytes or numbers as they say.
#include "tools/import/ReadTensor.h"

#include "tools/import/Onnx.pb.h"
#include "tools/import/Constant.h"

#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cstring>

using namespace skip;
using namespace skip::onnx;

static constexpr int mostRank = 8;
static constexpr int32_t external = 1; // of data_location

namespace {
class TensorReader {
public:
  TensorReader(wire::TensorProto &proto, llvm::StringRef path, const OpenExternal &openExternal)
      : proto(proto), path(path), openExternal(openExternal) {}

  llvm::Expected<Constant> read();

private:
  llvm::Error fail(const llvm::Twine &what) const;
  llvm::Error readType();
  llvm::Error readDims();
  llvm::Error readBytes();
  llvm::Error readExternal();
  template <typename Stored, typename List> llvm::Error takeNumbers(const List &numbers);
  void own(std::string bytes) {
    auto owner = std::make_shared<const std::string>(std::move(bytes));
    tensor.bytes = *owner;
    tensor.owner = std::move(owner);
  }

  wire::TensorProto &proto;
  llvm::StringRef path;
  const OpenExternal &openExternal;
  Constant tensor;
  int64_t elements = 0;
};
} // namespace

llvm::Error TensorReader::fail(const llvm::Twine &what) const {
  return tool::badInput("`" + path + "`: tensor `" + printable(proto.name()) + "` " + what);
}

llvm::Error TensorReader::readType() {
  for (ElementType known : {ElementType::Float, ElementType::Uint8, ElementType::Int8, ElementType::Int32, ElementType::Int64,
                            ElementType::Bool, ElementType::Float16, ElementType::Double, ElementType::Bfloat16})
    if (proto.data_type() == static_cast<int32_t>(known)) {
      tensor.type = known;
      return llvm::Error::success();
    }
  return fail("is of type " + llvm::Twine(proto.data_type()) +
              " of the format's list, which is not read; export the network in float32");
}

llvm::Error TensorReader::readDims() {
  if (proto.dims_size() > mostRank)
    return fail("has " + llvm::Twine(proto.dims_size()) + " dimensions, at most " + llvm::Twine(mostRank) + " are read");
  tensor.dims.append(proto.dims().begin(), proto.dims().end());
  std::optional<int64_t> count = countElements(tensor.dims);
  int64_t bytes = 0;
  if (!count || llvm::MulOverflow(*count, elementBytes(tensor.type), bytes))
    return fail("has sizes that no memory holds");
  elements = *count;
  return llvm::Error::success();
}

/// The format keeps types that are narrower than the list's in its numbers' lower bits.
template <typename Stored, typename List> llvm::Error TensorReader::takeNumbers(const List &numbers) {
  if (numbers.size() != elements)
    return fail("has " + llvm::Twine(numbers.size()) + " numbers where its sizes say " + llvm::Twine(elements));
  std::string bytes(static_cast<size_t>(elements) * sizeof(Stored), '\0');
  char *to = bytes.data();
  for (auto number : numbers) {
    auto stored = static_cast<Stored>(number);
    std::memcpy(to, &stored, sizeof stored);
    to += sizeof stored;
  }
  own(std::move(bytes));
  return llvm::Error::success();
}

llvm::Error TensorReader::readBytes() {
  if (proto.data_location() == external)
    return readExternal();
  if (proto.has_raw_data()) {
    std::unique_ptr<std::string> raw(proto.release_raw_data());
    own(std::move(*raw));
    int64_t wanted = elements * elementBytes(tensor.type);
    return tensor.bytes.size() == static_cast<size_t>(wanted)
               ? llvm::Error::success()
               : fail("has " + llvm::Twine(tensor.bytes.size()) + " bytes where its sizes say " + llvm::Twine(wanted));
  }
  switch (tensor.type) {
  case ElementType::Float:
    return takeNumbers<float>(proto.float_data());
  case ElementType::Double:
    return takeNumbers<double>(proto.double_data());
  case ElementType::Int64:
    return takeNumbers<int64_t>(proto.int64_data());
  case ElementType::Int32:
    return takeNumbers<int32_t>(proto.int32_data());
  case ElementType::Uint8:
  case ElementType::Bool:
    return takeNumbers<uint8_t>(proto.int32_data());
  case ElementType::Int8:
    return takeNumbers<int8_t>(proto.int32_data());
  case ElementType::Float16:
  case ElementType::Bfloat16:
    return takeNumbers<uint16_t>(proto.int32_data());
  }
  return fail("is of no known type");
}

/// The path of a file in the model's folder or below, as the format demands it.
static bool staysInside(llvm::StringRef name) {
  llvm::SmallVector<llvm::StringRef> parts;
  name.split(parts, '/');
  return !name.empty() && name.find_first_of(llvm::StringRef("\\\0", 2)) == llvm::StringRef::npos && name.front() != '/' &&
         !llvm::is_contained(parts, "..");
}

llvm::Error TensorReader::readExternal() {
  std::string name;
  uint64_t offset = 0, wanted = static_cast<uint64_t>(elements * elementBytes(tensor.type)), length = wanted;
  for (const wire::StringPair &pair : proto.external_data()) {
    if (pair.key() == "location")
      name = pair.value();
    uint64_t *number = pair.key() == "offset" ? &offset : pair.key() == "length" ? &length : nullptr;
    if (number && !llvm::to_integer(pair.value(), *number, 10))
      return fail("has as " + pair.key() + " of its external data `" + printable(pair.value()) +
                  "`, which is no number of bytes");
  }
  if (!staysInside(name))
    return fail("lies in the file `" + printable(name) + "`, which is not in the model's folder");
  if (length != wanted)
    return fail("has " + llvm::Twine(length) + " bytes where its sizes say " + llvm::Twine(wanted));
  llvm::Expected<ExternalFile> file = openExternal(name);
  if (!file)
    return file.takeError();
  if (offset > file->bytes.size() || wanted > file->bytes.size() - offset)
    return fail("takes bytes " + llvm::Twine(offset) + " to " + llvm::Twine(offset + wanted) + " of `" + printable(name) +
                "`, which has " + llvm::Twine(file->bytes.size()) + "; is the file whole?");
  tensor.owner = file->owner;
  tensor.bytes = file->bytes.substr(offset, wanted);
  return llvm::Error::success();
}

llvm::Expected<Constant> TensorReader::read() {
  tensor.name = proto.name();
  if (proto.has_segment())
    return fail("is stored in segments, which are not read");
  if (llvm::Error error = readType())
    return error;
  if (llvm::Error error = readDims())
    return error;
  if (llvm::Error error = readBytes())
    return error;
  return std::move(tensor);
}

llvm::Expected<Constant> onnx::readTensor(wire::TensorProto &proto, llvm::StringRef path, const OpenExternal &openExternal) {
  return TensorReader(proto, path, openExternal).read();
}
