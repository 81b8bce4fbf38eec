// What a program does with a model in C++: weights shared by threads, a hot swap, errors with and without exceptions.
#include <tiny.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

static void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "not so: %s (%s)\n", what, skip_tiny::last_error());
  std::exit(1);
}
#define REQUIRE(condition) require(condition, #condition)

static void runByStatus(const char *checkpoint) {
  skip_tiny::Model model;
  skip_tiny::Weights weights;
  skip_tiny::Pool pool;
  skip_tiny::Context context;
  REQUIRE(!model && !weights && !pool && !context);
  REQUIRE(skip_tiny::Model::try_create(model) == SKIP_OK);
  REQUIRE(skip_tiny::Weights::try_load(model, "absent", weights) == SKIP_IO_ERROR && !weights);
  REQUIRE(skip_tiny::Weights::try_load(model, checkpoint, weights) == SKIP_OK);
  REQUIRE(skip_tiny::Pool::try_create(pool, 2) == SKIP_OK && pool.threads() == 2);
  REQUIRE(skip_tiny::Context::try_create(context, model, weights, pool) == SKIP_OK);
  std::vector<float> image(3 * 32 * 32), logits(10, NAN);
  const float *input = image.data();
  float *output = logits.data();
  REQUIRE(context.try_run(1, &input, &output) == SKIP_OK && std::isfinite(logits[9]));
  REQUIRE(context.try_run(2, &input, &output) == SKIP_INVALID_ARGUMENT);
  skip_tiny::Context moved = std::move(context);
  REQUIRE(context.try_run(1, &input, &output) == SKIP_INVALID_ARGUMENT && // NOLINT: that it was moved from is the point
          std::strstr(skip_tiny::last_error(), "`context` is null: none was made, or it was moved from"));
  REQUIRE(moved.try_run(1, &input, &output) == SKIP_OK);
}

#if defined(__cpp_exceptions)
static skip_tiny::Context made(const char *checkpoint) { // what it needs stays with it
  skip_tiny::Model model = skip_tiny::Model::create();
  return skip_tiny::Context(model, skip_tiny::Weights::load(model, checkpoint));
}

static void serve(const char *checkpoint) {
  skip_tiny::Model model = skip_tiny::Model::create();
  REQUIRE(model.inputs().size() == 1 && model.inputs()[0].name == "image" &&
          model.inputs()[0].elements_per_image() == 3 * 32 * 32);
  REQUIRE(model.max_batch() == 1 && model.workspace_bytes(1) > 0 && model.stack_bytes() > 0);
  skip_tiny::Weights weights = skip_tiny::Weights::load(model, checkpoint);
  std::vector<std::vector<float>> results(3, std::vector<float>(10));
  std::vector<std::thread> threads;
  for (std::vector<float> &result : results)
    threads.emplace_back([&model, &weights, &result] {
      skip_tiny::Context context(model, weights);
      std::vector<float> image(3 * 32 * 32, 0.5f);
      const float *input = image.data();
      float *output = result.data();
      context.run(1, &input, &output);
      context.bind(skip_tiny::Weights(weights));
      context.run(1, &input, &output);
    });
  for (std::thread &thread : threads)
    thread.join();
  REQUIRE(results[0] == results[1] && results[1] == results[2]);

  skip_tiny::Context context = made(checkpoint);
  context = made(checkpoint);
  std::vector<float> image(3 * 32 * 32, 0.5f), logits(10);
#if defined(__cpp_lib_span)
  context.run(image, logits);
  REQUIRE(logits == results[0]);
  bool refused = false;
  try {
    context.run(image, std::span(logits).first(9));
  } catch (const skip::Error &error) {
    refused = error.status() == SKIP_INVALID_ARGUMENT;
  }
  REQUIRE(refused);
  skip_tiny::Context moved = std::move(context);
  try {
    context.run(image, logits); // NOLINT: that it was moved from is the point
    REQUIRE(false);
  } catch (const skip::Error &error) {
    REQUIRE(std::strstr(error.what(), "it was moved from"));
  }
#endif
  try {
    skip_tiny::Weights::load(model, std::string("absent"));
    REQUIRE(false);
  } catch (const skip::Error &error) {
    REQUIRE(error.status() == SKIP_IO_ERROR && std::string(error.what()).find("absent") != std::string::npos);
  }
}
#endif

int main(int, char **arguments) {
  runByStatus(arguments[1]);
#if defined(__cpp_exceptions)
  serve(arguments[1]);
#endif
  std::puts("served");
}
