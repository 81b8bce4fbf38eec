/* Prepares a picture for the model MODEL in each order, and writes what it becomes: preprocess N.rgb N.raw. */
#include <colours.h>
#include <greys.h>
#include <points.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(GREYS)
#define NAME(call) greys_##call
#define CHANNELS GREYS_INPUT_IMAGE_CHANNELS
#define HEIGHT GREYS_INPUT_IMAGE_HEIGHT
#define WIDTH GREYS_INPUT_IMAGE_WIDTH
#else
#define NAME(call) colours_##call
#define CHANNELS COLOURS_INPUT_IMAGE_CHANNELS
#define HEIGHT COLOURS_INPUT_IMAGE_HEIGHT
#define WIDTH COLOURS_INPUT_IMAGE_WIDTH
#endif
#define COUNT (CHANNELS * HEIGHT * WIDTH)
#define GAP 13

/* What the header says of the models. */
static const float means[] = COLOURS_INPUT_IMAGE_MEAN, deviations[] = COLOURS_INPUT_IMAGE_STD;
static const char *const classes[] = COLOURS_OUTPUT_SUMS_CLASS_NAMES;
typedef char constants_hold[COLOURS_INPUT_IMAGE == 0 && COLOURS_OUTPUT_SEEN == 0 && COLOURS_OUTPUT_SUMS == 1 && COLOURS_OUTPUT_SUMS_CLASSES == 3 &&
                                    COLOURS_INPUT_IMAGE_RESIZE == 0 && COLOURS_INPUT_IMAGE_RESIZE_HEIGHT == 17 &&
                                    COLOURS_INPUT_IMAGE_RESIZE_WIDTH == 14 && COLOURS_INPUT_IMAGE_CROP == 0 &&
                                    COLOURS_INPUT_IMAGE_BICUBIC == 1 && COLOURS_MAX_BATCH == 2 && GREYS_INPUT_IMAGE_RESIZE == 11 &&
                                    GREYS_INPUT_IMAGE_CROP == 9 && GREYS_INPUT_IMAGE_BICUBIC == 0
                                ? 1
                                : -1];

static void require(int holds, const char *what) {
  if (holds)
    return;
  printf("not so: %s (%s)\n", what, NAME(last_error)());
  exit(1);
}
#define REQUIRE(condition) require((condition) != 0, #condition)
#define REFUSED(call, text) REQUIRE((call) == SKIP_INVALID_ARGUMENT && strstr(NAME(last_error)(), text))

static float expected[COUNT], found[COUNT];

/* The picture in another order and with gaps between its rows, which must not be read. */
static void same_in(const skip_model *model, const uint8_t *rgb, int64_t width, int64_t height, skip_pixel_order order) {
  int64_t bytes = order == SKIP_RGBA ? 4 : 3, stride = width * bytes + GAP, x, y;
  uint8_t *pixels = malloc((size_t)((height - 1) * stride + width * bytes));
  for (y = 0; y < height; ++y) {
    for (x = 0; x < width; ++x) {
      const uint8_t *from = rgb + 3 * (y * width + x);
      uint8_t *to = pixels + y * stride + x * bytes;
      to[order == SKIP_BGR ? 2 : 0] = from[0];
      to[1] = from[1];
      to[order == SKIP_BGR ? 0 : 2] = from[2];
      if (bytes == 4)
        to[3] = (uint8_t)x;
    }
    if (y + 1 < height)
      memset(pixels + y * stride + width * bytes, (int)y, GAP);
  }
  REQUIRE(NAME(preprocess_rgb8)(model, pixels, width, height, stride, order, found, NULL) == SKIP_OK);
  REQUIRE(memcmp(found, expected, sizeof found) == 0);
  free(pixels);
}

static void refusals(const skip_model *model, const uint8_t *rgb) {
  REFUSED(NAME(preprocess_rgb8)(model, rgb, 0, 1, 0, SKIP_RGB, found, NULL), "a picture of 0 x 1");
  REFUSED(NAME(preprocess_rgb8)(model, rgb, 1, -7, 0, SKIP_RGB, found, NULL), "a picture of 1 x -7");
  REFUSED(NAME(preprocess_rgb8)(model, rgb, INT64_MAX, INT64_MAX, 0, SKIP_RGBA, found, NULL), "each side must be 1 to 65535");
  REFUSED(NAME(preprocess_rgb8)(model, rgb, 2, 2, INT64_MAX, SKIP_RGB, found, NULL), "row_bytes");
  REFUSED(NAME(preprocess_rgb8)(model, rgb, 2, 2, 5, SKIP_RGB, found, NULL), "row_bytes is 5, a row of 2 pixels of 3 bytes needs 6");
  REFUSED(NAME(preprocess_rgb8)(model, NULL, 1, 1, 0, SKIP_RGB, found, NULL), "`pixels` is null");
  REFUSED(NAME(preprocess_rgb8)(model, rgb, 1, 1, 0, SKIP_RGB, NULL, NULL), "`input` is null");
  REFUSED(NAME(preprocess_rgb8)(NULL, rgb, 1, 1, 0, SKIP_RGB, found, NULL), "`model` is null");
}

/* Objects of one library given to another's calls, inputs that are no pictures, outputs that are not wanted. */
static void other_models(void) {
  skip_model *points, *colours;
  skip_weights *weights;
  skip_context *context;
  skip_context_options options = {0};
  skip_picture_info info;
  static float image[2 * 3 * 12 * 10], sums[2 * 3], sums_alone[2 * 3], seen[2 * 360];
  const float *in = image;
  float *out[2];
  uint8_t pixel[3] = {1, 2, 3};
  int i;
  REQUIRE(points_model_create(&points) == SKIP_OK && colours_model_create(&colours) == SKIP_OK);
  REQUIRE(points_preprocess_rgb8(points, pixel, 1, 1, 0, SKIP_RGB, image, NULL) == SKIP_INVALID_ARGUMENT &&
          strstr(points_last_error(), "the input `point` of model `points` takes no pictures"));
  REQUIRE(points_model_picture(points, 0, &info) == SKIP_INVALID_ARGUMENT);
  REQUIRE(points_weights_embedded(points, &weights) == SKIP_OK);
  REQUIRE(colours_context_create(points, weights, NULL, &context) == SKIP_INVALID_ARGUMENT &&
          strstr(colours_last_error(), "the model is of another library, that of `points`, and this is a call of `colours`'s"));
  REQUIRE(points_context_create(points, weights, NULL, &context) == SKIP_OK);
  out[0] = sums;
  REQUIRE(colours_run(context, 1, &in, out) == SKIP_INVALID_ARGUMENT &&
          strstr(colours_last_error(), "run: the context is of another library, that of `points`"));
  REQUIRE(colours_context_bind(context, weights) == SKIP_INVALID_ARGUMENT);
  REQUIRE(colours_preprocess_rgb8(points, pixel, 1, 1, 0, SKIP_RGB, image, NULL) == SKIP_INVALID_ARGUMENT &&
          strstr(colours_last_error(), "preprocess_rgb8: the model is of another library"));
  points_context_destroy(context);
  REQUIRE(points_pool_create(1, &options.pool) == SKIP_OK);
  REQUIRE(colours_context_create(colours, NULL, &options, &context) == SKIP_INVALID_ARGUMENT &&
          strstr(colours_last_error(), "the pool is of another library"));
  points_pool_destroy(options.pool);
  points_weights_destroy(weights);
  REQUIRE(colours_model_picture(colours, 0, &info) == SKIP_OK && info.bicubic && info.resize_height == 17 && info.mean[0] == means[0] &&
          info.std[2] == deviations[2] && info.resize == 0);
  REQUIRE(strcmp(colours_model_class_name(colours, COLOURS_OUTPUT_SUMS, 1), "what\?\?/") == 0 && strcmp(classes[1], "what\?\?/") == 0 &&
          strcmp(classes[2], "\xc3\xb6") == 0 && !colours_model_class_name(colours, COLOURS_OUTPUT_SEEN, 0));
  REQUIRE(colours_weights_embedded(colours, &weights) == SKIP_OK);
  REQUIRE(colours_context_create(colours, weights, NULL, &context) == SKIP_OK);
  for (i = 0; i < 2 * 360; ++i)
    image[i] = (float)(i % 17) - 3;
  out[COLOURS_OUTPUT_SEEN] = seen;
  out[COLOURS_OUTPUT_SUMS] = sums;
  REQUIRE(colours_run(context, 2, &in, out) == SKIP_OK && memcmp(seen, image, sizeof seen) == 0);
  out[COLOURS_OUTPUT_SEEN] = NULL;
  out[COLOURS_OUTPUT_SUMS] = sums_alone;
  REQUIRE(colours_run(context, 2, &in, out) == SKIP_OK && memcmp(sums, sums_alone, sizeof sums) == 0);
  REQUIRE(colours_run(context, 3, &in, out) == SKIP_INVALID_ARGUMENT && strstr(colours_last_error(), "build it with --batch 3"));
  colours_context_destroy(context);
  colours_weights_destroy(weights);
  colours_model_destroy(colours);
  points_model_destroy(points);
}

int main(int argc, char **argv) {
  skip_model *model;
  long width, height;
  uint8_t *rgb;
  skip_preprocess_options options = {0};
  FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
  REQUIRE(file && fscanf(file, "%ld %ld", &width, &height) == 2 && fgetc(file) == '\n');
  rgb = malloc((size_t)(width * height * 3)); /* as large as it must be, for a sanitizer to see */
  REQUIRE(rgb && fread(rgb, 3, (size_t)(width * height), file) == (size_t)(width * height));
  fclose(file);
  REQUIRE(NAME(model_create)(&model) == SKIP_OK);
  REQUIRE(NAME(preprocess_rgb8)(model, rgb, width, height, 0, SKIP_RGB, expected, NULL) == SKIP_OK);
  same_in(model, rgb, width, height, SKIP_RGB);
  same_in(model, rgb, width, height, SKIP_BGR);
  same_in(model, rgb, width, height, SKIP_RGBA);
  options.scratch_bytes = NAME(preprocess_scratch_bytes)(model, 0, width, height, SKIP_RGB);
  options.scratch = aligned_alloc(64, options.scratch_bytes);
  REQUIRE(NAME(preprocess_rgb8)(model, rgb, width, height, 0, SKIP_RGB, found, &options) == SKIP_OK);
  REQUIRE(memcmp(found, expected, sizeof found) == 0);
  options.scratch_bytes -= 64;
  REFUSED(NAME(preprocess_rgb8)(model, rgb, width, height, 0, SKIP_RGB, found, &options), "preprocess_scratch_bytes");
  free(options.scratch);
  refusals(model, rgb);
  other_models();
  file = fopen(argv[2], "wb");
  REQUIRE(file && fwrite(expected, sizeof expected, 1, file) == 1 && fclose(file) == 0);
  free(rgb);
  NAME(model_destroy)(model);
  return (int)sizeof(constants_hold) - 1;
}
