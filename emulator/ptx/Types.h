// PTX's scalar types and address spaces.
#pragma once

#include <cstdint>
#include <string_view>

namespace skip::emulator {

enum class Type : uint8_t {
  none,
  pred,
  b8,
  b16,
  b32,
  b64,
  b128,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  f16,
  f16x2,
  bf16,
  bf16x2,
  tf32,
  f32,
  f64
};

enum class Space : uint8_t { generic, global, constant, shared, sharedCluster, local, param, registers };

/// `name` without its dot; none for what is no type.
Type typeOf(std::string_view name);
std::string_view nameOf(Type type);
uint32_t bytesOf(Type type); // 0 for pred and none
bool isSigned(Type type);
bool isFloat(Type type);

} // namespace skip::emulator
