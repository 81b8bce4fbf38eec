#include "emulator/ptx/Types.h"

#include <iterator>

namespace skip::emulator {
namespace {

struct Row {
  std::string_view name;
  uint8_t bytes;
  bool isSigned, isFloat;
};

constexpr Row kTypes[] = {
    {"", 0, false, false},    {"pred", 0, false, false}, {"b8", 1, false, false},    {"b16", 2, false, false},
    {"b32", 4, false, false}, {"b64", 8, false, false},  {"b128", 16, false, false}, {"u8", 1, false, false},
    {"u16", 2, false, false}, {"u32", 4, false, false},  {"u64", 8, false, false},   {"s8", 1, true, false},
    {"s16", 2, true, false},  {"s32", 4, true, false},   {"s64", 8, true, false},    {"f16", 2, true, true},
    {"f16x2", 4, true, true}, {"bf16", 2, true, true},   {"bf16x2", 4, true, true},  {"tf32", 4, true, true},
    {"f32", 4, true, true},   {"f64", 8, true, true},
};

const Row &rowOf(Type type) { return kTypes[static_cast<size_t>(type)]; }

} // namespace

Type typeOf(std::string_view name) {
  for (size_t i = 1; i < std::size(kTypes); ++i)
    if (kTypes[i].name == name)
      return static_cast<Type>(i);
  return Type::none;
}

std::string_view nameOf(Type type) { return rowOf(type).name; }
uint32_t bytesOf(Type type) { return rowOf(type).bytes; }
bool isSigned(Type type) { return rowOf(type).isSigned; }
bool isFloat(Type type) { return rowOf(type).isFloat; }

} // namespace skip::emulator
