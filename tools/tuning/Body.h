// What the bodies of a library are compiled for.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace skip::tool {

/// One body: today an instruction set of x86. Of those that a machine runs, one that comes later is to be preferred.
enum class Body { avx2, avx512 };

/// All in order.
inline constexpr Body allBodies[] = {Body::avx2, Body::avx512};

/// As options, databases and reports call it.
constexpr std::string_view nameOf(Body body) {
  switch (body) {
  case Body::avx2:
    return "avx2";
  case Body::avx512:
    return "avx512";
  }
  return {};
}

/// Nothing where none is called so.
constexpr std::optional<Body> bodyNamed(std::string_view name) {
  const Body *found = std::ranges::find(allBodies, name, nameOf);
  return found == std::end(allBodies) ? std::nullopt : std::optional(*found);
}

} // namespace skip::tool
