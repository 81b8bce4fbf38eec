/* Teaches a network new classes and classifies pictures with it.
 *
 *   finetune CHECKPOINT FOLDER [PICTURE...]
 *
 * FOLDER has a subfolder for each class, of whose pictures the first twenty are trained on; each PICTURE is then classified, and
 * without one the pictures of FOLDER that were not trained on, whose classes are known. The only other file is the checkpoint. */
#include "learning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES_OF_CLASS = 20, EPOCHS = 12 };

static int classes_of(const skip_model *model) {
  skip_tensor_info info;
  check(net_model_output(model, 0, &info), "output");
  return (int)info.dims[info.rank - 1];
}

static int side_of(const skip_model *model) {
  skip_tensor_info info;
  check(net_model_input(model, 0, &info), "input");
  return (int)info.dims[info.rank - 1];
}

static int trained_of(const struct folder *folder) { return folder->count < PICTURES_OF_CLASS ? folder->count : PICTURES_OF_CLASS; }

static struct examples read_examples(const struct folder *folders, int classes, int side) {
  struct examples examples = {0, classes, side, NULL, NULL};
  size_t bytes = (size_t)side * (size_t)side * 3;
  int i, k;
  for (i = 0; i < classes; ++i)
    examples.count += trained_of(&folders[i]);
  examples.pixels = malloc((size_t)examples.count * bytes);
  examples.labels = malloc((size_t)examples.count * sizeof *examples.labels);
  if (!examples.pixels || !examples.labels)
    fail("memory", "there is not enough");
  examples.count = 0;
  for (i = 0; i < classes; ++i)
    for (k = 0; k < trained_of(&folders[i]); ++k) {
      read_picture(folders[i].paths[k], side, examples.pixels + (size_t)examples.count * bytes);
      examples.labels[examples.count++] = i;
    }
  return examples;
}

/* The most likely class of a picture, which is printed. */
static int tell(const skip_model *model, skip_context *context, const char *path, const struct folder *folders, int classes) {
  int side = side_of(model), best = 0, i;
  uint8_t *pixels = malloc((size_t)side * (size_t)side * 3);
  double *likely = malloc((size_t)classes * sizeof *likely);
  if (!pixels || !likely)
    fail("memory", "there is not enough");
  read_picture(path, side, pixels);
  classify(model, context, pixels, side, classes, likely);
  for (i = 1; i < classes; ++i)
    best = likely[i] > likely[best] ? i : best;
  printf("%s: %s (%.1f %%)\n", path, folders[best].name, 100 * likely[best]);
  free(pixels);
  free(likely);
  return best;
}

static void tell_rest(const skip_model *model, skip_context *context, const struct folder *folders, int classes) {
  int right = 0, count = 0, i, k;
  for (i = 0; i < classes; ++i)
    for (k = trained_of(&folders[i]); k < folders[i].count; ++k) {
      right += tell(model, context, folders[i].paths[k], folders, classes) == i;
      ++count;
    }
  if (count > 0)
    printf("%d of %d right\n", right, count);
}

static skip_trainer *create_trainer(const skip_model *model, skip_pool *pool) {
  skip_trainer_options options;
  skip_trainer *trainer;
  memset(&options, 0, sizeof options);
  options.pool = pool;
  check(net_trainer_create(model, &options, &trainer), "trainer");
  return trainer;
}

static void check_classes(int found, int wanted, const char *path) {
  char text[160];
  if (found == wanted)
    return;
  snprintf(text, sizeof text, "it has %d subfolders, one a class, and the network was built for %d classes (-DCLASSES=%d)", found, wanted, found);
  fail(path, text);
}

int main(int argc, char **argv) {
  skip_model *model;
  skip_pool *pool;
  skip_trainer *trainer;
  skip_weights *weights;
  skip_context *context;
  struct folder *folders;
  struct examples examples;
  int classes, i;

  if (argc < 3) {
    fprintf(stderr, "usage: finetune CHECKPOINT FOLDER [PICTURE...]\n");
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  check(net_model_create(&model), "model");
  folders = list_folders(argv[2], &classes);
  check_classes(classes, classes_of(model), argv[2]);
  examples = read_examples(folders, classes, side_of(model));
  check(net_pool_create(0, &pool), "threads");
  trainer = create_trainer(model, pool);
  learn(model, trainer, argv[1], &examples, EPOCHS);
  check(net_trainer_weights(trainer, &weights), "weights");
  net_trainer_destroy(trainer);
  check(net_context_create(model, weights, NULL, &context), "context");
  for (i = 3; i < argc; ++i)
    tell(model, context, argv[i], folders, classes);
  if (argc == 3)
    tell_rest(model, context, folders, classes);
  net_context_destroy(context);
  net_weights_destroy(weights);
  net_pool_destroy(pool);
  net_model_destroy(model);
  return 0;
}
