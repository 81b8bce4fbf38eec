// A body is the same thing to tools, plans and the runtime, by whatever name or number.
#include "tools/tuning/Body.h"

#include "ir/plan/x86/Isa.h"
#include "ir/plan/x86/Problems.h"

#include <catch2/catch.hpp>

using namespace skip;
using tool::Body;

TEST_CASE("body: names read back, others are refused") {
  for (Body body : tool::allBodies)
    CHECK(tool::bodyNamed(tool::nameOf(body)) == body);
  for (const char *name : {"", "avx", "avx2 ", "AVX2", "avx1024", "both"}) {
    CAPTURE(name);
    CHECK_FALSE(tool::bodyNamed(name));
  }
}

TEST_CASE("body: the order of bodies is that of the runtime's instruction sets, and the names are those of plans") {
  REQUIRE(std::size(tool::allBodies) == SKIP_ISA_COUNT);
  for (int isa = 0; isa < SKIP_ISA_COUNT; ++isa) {
    Body body = tool::allBodies[isa];
    CHECK(static_cast<int>(body) == isa);
    std::optional<plan::Isa> planned = plan::symbolizeIsa(tool::nameOf(body));
    REQUIRE(planned);
    CHECK(plan::abiIsa(*planned) == isa);
    CHECK(plan::isaName(plan::abiIsa(*planned)) == tool::nameOf(body));
  }
}
