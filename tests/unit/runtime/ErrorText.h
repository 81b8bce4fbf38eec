// Checks a status together with its text.
#pragma once

#include "runtime/Runtime.h"

#include <catch2/catch.hpp>

/// `call` must return `status` and leave a text that holds `part`.
#define CHECK_FAILS(call, status, part)                                                                                        \
  do {                                                                                                                         \
    CHECK((call) == (status));                                                                                                 \
    CHECK_THAT(skipmodel_last_error(), Catch::Contains(part));                                                                 \
  } while (false)
