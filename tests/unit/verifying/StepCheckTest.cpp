// Which step speaks for a whole verification.
#include "tools/verifying/StepCheck.h"

#include <catch2/catch.hpp>

#include <cmath>

using skip::tool::StepError;
using skip::tool::worstOf;

TEST_CASE("verify: the worst step is the one nearest to its own bound") {
  StepError winograd{"winograd", "avx2", 1, 1.9e-5, 2e-5}, wide{"wide", "avx2", 1, 2.1e-5, 8e-5},
      nothing{"nan", "avx2", 1, NAN, 1e-4};
  CHECK(worstOf({winograd, wide}).step == "winograd");
  CHECK(worstOf({wide, winograd}).step == "winograd");
  CHECK(worstOf({wide, nothing, winograd}).step == "nan");
}
