// An empty message or text takes two bytes of a file, and a hundred of memory. So they are counted first, by a walk over the
// format's fields that keeps nothing:
//
//   3a 04 | 0a 00 | 0a 00      field 7, the graph, of 4 bytes: two nodes, each of 0 bytes. Three parts.
#include "tools/import/CountParts.h"

#include "llvm/ADT/STLExtras.h"

#include <optional>
#include <vector>

using namespace skip;

namespace {
/// Of Onnx.proto.
enum class Message { Model, Graph, Node, Attribute, Tensor, Pair, Info, Type, TensorType, Shape, Dimension };

struct Nested {
  Message outer;
  uint64_t field;
  Message inner;
};

struct Open {
  Message message;
  llvm::StringRef rest;
};
} // namespace

static constexpr Nested nested[] = {
    {Message::Model, 7, Message::Graph},      {Message::Model, 8, Message::Pair},      {Message::Graph, 1, Message::Node},
    {Message::Graph, 5, Message::Tensor},     {Message::Graph, 11, Message::Info},     {Message::Graph, 12, Message::Info},
    {Message::Node, 5, Message::Attribute},   {Message::Node, 9, Message::Pair},       {Message::Attribute, 5, Message::Tensor},
    {Message::Tensor, 13, Message::Pair},     {Message::Info, 2, Message::Type},       {Message::Type, 1, Message::TensorType},
    {Message::TensorType, 2, Message::Shape}, {Message::Shape, 1, Message::Dimension},
};

static std::optional<uint64_t> takeVarint(llvm::StringRef &bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    auto byte = static_cast<uint8_t>(bytes.front());
    bytes = bytes.drop_front();
    value |= static_cast<uint64_t>(byte & 127) << shift;
    if (byte < 128)
      return value;
  }
  return std::nullopt;
}

/// Takes one field; what it holds, if it is a message, a text or bytes. False where the bytes are no field.
static bool takeField(llvm::StringRef &bytes, uint64_t &field, std::optional<llvm::StringRef> &inside) {
  enum Kind : uint8_t { Varint = 0, Eight = 1, Length = 2, GroupStart = 3, GroupEnd = 4, Four = 5 };
  std::optional<uint64_t> tag = takeVarint(bytes), size = 0;
  if (!tag)
    return false;
  field = *tag >> 3;
  switch (*tag & 7) {
  case Varint:
    return takeVarint(bytes).has_value();
  case Eight:
    size = 8;
    break;
  case Four:
    size = 4;
    break;
  case Length:
    size = takeVarint(bytes);
    break;
  case GroupStart: // its fields follow
  case GroupEnd:
    return true;
  default:
    return false;
  }
  if (!size || *size > bytes.size())
    return false;
  if ((*tag & 7) == Length)
    inside = bytes.take_front(*size);
  bytes = bytes.drop_front(*size);
  return true;
}

size_t onnx::countParts(llvm::StringRef file) {
  size_t parts = 0;
  std::vector<Open> open = {{Message::Model, file}}; // as deep as the messages are
  while (!open.empty()) {
    auto &[message, rest] = open.back();
    uint64_t field = 0;
    std::optional<llvm::StringRef> inside;
    if (rest.empty() || !takeField(rest, field, inside)) {
      open.pop_back();
      continue;
    }
    if (!inside)
      continue;
    ++parts;
    const auto *found = llvm::find_if(nested, [&](const Nested &each) { return each.outer == message && each.field == field; });
    if (found != std::end(nested))
      open.push_back({found->inner, *inside});
  }
  return parts;
}
