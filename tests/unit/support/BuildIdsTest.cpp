#include "support/BuildIds.h"

#include <catch2/catch.hpp>

TEST_CASE("this program and its libraries have build ids") {
  std::string ids = skip::buildIds();
  CHECK(ids.size() >= 2 * 8); // this program's and the C library's, of at least eight bytes each
  CHECK(skip::buildIds() == ids);
}
