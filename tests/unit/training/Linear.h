// A training library made by hand: softmax of W x + b, of pictures of 3 x 32 x 32, with kernels in C. And pictures that it can
// learn.
#pragma once

#include "tests/unit/TemporaryFolder.h"
#include "tools/training/Loop.h"
#include "tools/training/Start.h"

#include <catch2/catch.hpp>

namespace test {

inline constexpr int64_t classes = 10, pixels = 3 * 32 * 32, mostImages = 16;

/// The library and what belongs to it.
struct Linear {
  Linear();
  skip::codegen::Image image;
  skip::codegen::TrainingImage training;
  std::unique_ptr<skip::loaded::LoadedModel> library;
};
const Linear &linear();

/// Batches of 16 in two groups, at a rate of 0.01; `length` steps.
skip::frontend::Recipe recipe(int64_t length);

/// A folder with `count` training and 40 test pictures: CIFAR-10's files, each class another colour and much noise.
void writePictures(const TemporaryFolder &folder, int count);

/// A training of the model on the pictures in a folder.
struct Run {
  Run(const std::string &data, const skip::frontend::Recipe &recipe, unsigned threads = 2, uint64_t seed = 5);

  /// From fresh values, or from where the run in `folder` stood, to step `lastStep`.
  llvm::Expected<skip::tool::LoopResult> go(skip::tool::LoopOptions options, bool resume = false);

  skip::frontend::Recipe recipe;
  skip::tool::Pictures pictures;
  std::unique_ptr<skip::tool::Trainer> trainer;
  skip::tool::TrainingIdentity identity;
  skip::tool::TrainingMemory memory;
};

/// The error's text; empty for success.
std::string textOf(llvm::Error error);
/// What must be there, or else the test fails.
template <typename Value> Value need(llvm::Expected<Value> value) {
  if (!value)
    FAIL(textOf(value.takeError()));
  return std::move(*value);
}
/// Why it is not there, as must be.
template <typename Value> std::string failureOf(llvm::Expected<Value> value) {
  return value ? "no failure" : textOf(value.takeError());
}

} // namespace test
