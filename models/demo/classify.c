/* Classifies PNG pictures with a compiled CIFAR-10 network: a plain C program around the emitted library.
 *
 *   cc classify.c -I OUT OUT/libresnet20.a -lpng -lm -lpthread -o classify && ./classify 0-airplane.png
 *
 * A picture's true class is read off its file name, `<index>-<class>.png`. */
#define _POSIX_C_SOURCE 199309L
#include "resnet20.h"

#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIDE = 32, CLASSES = 10, RUNS = 50 };

static const char *const class_names[CLASSES] = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "classify: %s: %s\n", what, why);
  exit(1);
}

static void check(skip_status status, const char *what) {
  if (status != SKIP_OK)
    fail(what, resnet20_last_error());
}

static void read_png(const char *path, uint8_t pixels[SIDE * SIDE * 3]) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&image, path))
    fail(path, image.message);
  if (image.width != SIDE || image.height != SIDE)
    fail(path, "the network takes pictures of 32 x 32 pixels");
  image.format = PNG_FORMAT_RGB;
  if (!png_image_finish_read(&image, NULL, pixels, 0, NULL))
    fail(path, image.message);
}

/* `3-cat.png` in any folder: `cat`. */
static const char *true_class(const char *path) {
  static char name[32];
  const char *file = strrchr(path, '/'), *dash;
  file = file ? file + 1 : path;
  dash = strchr(file, '-');
  snprintf(name, sizeof name, "%.*s", dash ? (int)strcspn(dash + 1, ".") : 1, dash ? dash + 1 : "?");
  return name;
}

static int best_class(const float logits[CLASSES], double *probability) {
  int best = 0, i;
  double sum = 0;
  for (i = 1; i < CLASSES; ++i)
    if (logits[i] > logits[best])
      best = i;
  for (i = 0; i < CLASSES; ++i)
    sum += exp((double)logits[i] - logits[best]);
  *probability = 1 / sum;
  return best;
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* The shortest of several runs: what the network takes, without what else the machine does. */
static double run(skip_context *context, const float *input, float *output) {
  double least = 1e30;
  int i;
  for (i = 0; i < RUNS; ++i) {
    double start = now_ms(), took;
    check(resnet20_run(context, 1, &input, &output), "run");
    took = now_ms() - start;
    least = took < least ? took : least;
  }
  return least;
}

int main(int argc, char **argv) {
  skip_model *model;
  skip_weights *weights;
  skip_context *context;
  int i, right = 0;

  check(resnet20_model_create(&model), "model");
  check(resnet20_weights_embedded(model, &weights), "weights");
  check(resnet20_context_create(model, weights, NULL, &context), "context");
  printf("%-18s %-12s %-12s %11s %11s\n", "picture", "true", "predicted", "probability", "latency");
  for (i = 1; i < argc; ++i) {
    uint8_t pixels[SIDE * SIDE * 3];
    float input[3 * SIDE * SIDE], logits[CLASSES];
    double probability, latency;
    const char *truth = true_class(argv[i]), *file = strrchr(argv[i], '/');
    int predicted;
    read_png(argv[i], pixels);
    check(resnet20_normalize_rgb8(model, pixels, 1, SIDE, SIDE, input), "normalize");
    latency = run(context, input, logits);
    predicted = best_class(logits, &probability);
    right += strcmp(class_names[predicted], truth) == 0;
    printf("%-18.18s %-12s %-12s %10.1f%% %8.3f ms\n", file ? file + 1 : argv[i], truth, class_names[predicted], 100 * probability, latency);
  }
  printf("%d of %d right; %s kernels, one thread\n", right, argc - 1, resnet20_model_isa(model));
  resnet20_context_destroy(context);
  resnet20_weights_destroy(weights);
  resnet20_model_destroy(model);
  return 0;
}
