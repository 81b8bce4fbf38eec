// Making trainers: memory of the caller's, and what is refused.
#include "tests/unit/runtime-training/Model.h"
#include "tests/unit/runtime/ErrorText.h"

#include "runtime/Memory.h"

#include <catch2/catch.hpp>
#include <cstring>

using namespace test;

static std::string trained(skip_trainer_options options) {
  options.groups = 4;
  Training training(options);
  REQUIRE(skipmodel_trainer_init(training.trainer, 3) == SKIP_OK);
  training.step({Group(5, 1), Group(5, 2), Group(5, 3)}, 0.1);
  return training.save();
}

TEST_CASE("state and workspace may be the caller's") {
  skip_model *model = nullptr;
  REQUIRE(skipmodel_model_create(&model) == SKIP_OK);
  skip_trainer_options options{.groups = 4};
  CHECK(skipmodel_trainer_max_group(model) == mostImages);
  size_t stateBytes = skipmodel_trainer_state_bytes(model, &options),
         bytes = skipmodel_trainer_workspace_bytes(model, &options);
  CHECK(stateBytes > skipmodel_trainer_state_bytes(model, nullptr));
  // What lies behind is not touched.
  skip::runtime::Owned<char> state(static_cast<char *>(skip::runtime::allocateAligned(stateBytes + 64)));
  skip::runtime::Owned<char> workspace(static_cast<char *>(skip::runtime::allocateAligned(bytes + 64)));
  std::memset(state.get(), 0x5A, stateBytes + 64);
  std::memset(workspace.get(), 0x5A, bytes + 64);
  options.state = state.get();
  options.state_bytes = stateBytes;
  options.workspace = workspace.get();
  options.workspace_bytes = bytes;
  CHECK(trained(options) == trained({}));
  for (size_t i = 0; i < 64; ++i) {
    REQUIRE(state[stateBytes + i] == 0x5A);
    REQUIRE(workspace[bytes + i] == 0x5A);
  }
  skip_trainer *trainer = nullptr;
  options.state_bytes -= 64;
  CHECK_FAILS(skipmodel_trainer_create(model, &options, &trainer), SKIP_INVALID_ARGUMENT, "the state has");
  CHECK(trainer == nullptr);
  options.state_bytes += 64;
  options.workspace_bytes = 0;
  CHECK_FAILS(skipmodel_trainer_create(model, &options, &trainer), SKIP_INVALID_ARGUMENT,
              "trainer_create: the workspace has 0 bytes");
  options.workspace_bytes = bytes;
  options.workspace = state.get();
  CHECK_FAILS(skipmodel_trainer_create(model, &options, &trainer), SKIP_INVALID_ARGUMENT, "share memory");
  options.workspace = workspace.get();
  options.state = state.get() + 1;
  CHECK_FAILS(skipmodel_trainer_create(model, &options, &trainer), SKIP_INVALID_ARGUMENT, "not 64-byte aligned");
  skipmodel_model_destroy(model);
}

TEST_CASE("options that make no sense are refused") {
  skip_model *model = nullptr;
  REQUIRE(skipmodel_model_create(&model) == SKIP_OK);
  skip_trainer *trainer = nullptr;
  skip_trainer_options options{.max_group = 9};
  CHECK_FAILS(skipmodel_trainer_create(model, &options, &trainer), SKIP_INVALID_ARGUMENT, "built for groups of 1 to 8 images");
  CHECK(skipmodel_trainer_state_bytes(model, &options) == 0);
  CHECK(skipmodel_trainer_workspace_bytes(model, &options) == 0);
  options = {.groups = -1};
  CHECK_FAILS(skipmodel_trainer_create(model, &options, &trainer), SKIP_INVALID_ARGUMENT, "-1 groups");
  CHECK_FAILS(skipmodel_trainer_create(nullptr, nullptr, &trainer), SKIP_INVALID_ARGUMENT, "`model` is null");
  skipmodel_trainer_destroy(nullptr);
  skipmodel_model_destroy(model);
}
