/* Teaches a network new classes and classifies pictures with it.
 *
 *   finetune CHECKPOINT FOLDER [PICTURE...]
 *
 * FOLDER has a subfolder for each of two classes or more, of whose pictures the first twenty are trained on; each PICTURE is then
 * classified, and without one the pictures of FOLDER that were not trained on, whose classes are known. The only other file is the
 * checkpoint. Pictures that cannot be read are named, counted and passed over, unless none of a class can be. */
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
  int asked, before, i, k;
  for (i = 0; i < classes; ++i)
    examples.count += trained_of(&folders[i]);
  examples.pixels = malloc((size_t)examples.count * bytes);
  examples.labels = malloc((size_t)examples.count * sizeof *examples.labels);
  if (!examples.pixels || !examples.labels)
    fail("memory", "there is not enough");
  asked = examples.count;
  examples.count = 0;
  for (i = 0; i < classes; ++i) {
    before = examples.count;
    for (k = 0; k < trained_of(&folders[i]); ++k)
      if (read_picture(folders[i].paths[k], side, examples.pixels + (size_t)examples.count * bytes))
        examples.labels[examples.count++] = i;
    if (examples.count == before)
      fail(folders[i].name, "no picture of this class can be read");
  }
  if (examples.count < asked)
    printf("trained on %d of %d pictures: the others cannot be read\n", examples.count, asked);
  return examples;
}

/* The most likely class of a picture, which is printed; -1 where it cannot be read. */
static int tell(const skip_model *model, skip_context *context, const char *path, const struct folder *folders, int classes) {
  int side = side_of(model), best = -1, i;
  uint8_t *pixels = malloc((size_t)side * (size_t)side * 3);
  double *likely = malloc((size_t)classes * sizeof *likely);
  if (!pixels || !likely)
    fail("memory", "there is not enough");
  if (read_picture(path, side, pixels)) {
    classify(model, context, pixels, side, classes, likely);
    for (best = 0, i = 1; i < classes; ++i)
      best = likely[i] > likely[best] ? i : best;
    printf("%s: %s (%.1f %%)\n", path, folders[best].name, 100 * likely[best]);
  }
  free(pixels);
  free(likely);
  return best;
}

/* How many were passed over; it is an error where all were. */
static void tell_passed_over(int count, int asked) {
  if (asked > 0 && count == asked)
    fail("pictures to classify", "none can be read");
  if (count > 0)
    printf("%d of %d passed over\n", count, asked);
}

static void tell_rest(const skip_model *model, skip_context *context, const struct folder *folders, int classes) {
  int right = 0, count = 0, asked = 0, i, k;
  for (i = 0; i < classes; ++i)
    for (k = trained_of(&folders[i]); k < folders[i].count; ++k) {
      int best = tell(model, context, folders[i].paths[k], folders, classes);
      right += best == i;
      count += best >= 0;
      ++asked;
    }
  tell_passed_over(asked - count, asked);
  if (count > 0)
    printf("%d of %d right\n", right, count);
}

static void tell_given(const skip_model *model, skip_context *context, char **paths, int count, const struct folder *folders,
                       int classes) {
  int bad = 0, i;
  for (i = 0; i < count; ++i)
    bad += tell(model, context, paths[i], folders, classes) < 0;
  tell_passed_over(bad, count);
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
  if (found < 2)
    snprintf(text, sizeof text, "it has %s; expected one for each of two classes or more, as one alone teaches nothing",
             found == 0 ? "no subfolder" : "one subfolder");
  else if (found != wanted)
    snprintf(text, sizeof text, "it has %d subfolders, one a class, and the network was built for %d classes: build it with -DCLASSES=%d",
             found, wanted, found);
  else
    return;
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
  int classes;

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
  if (argc == 3)
    tell_rest(model, context, folders, classes);
  else
    tell_given(model, context, argv + 3, argc - 3, folders, classes);
  net_context_destroy(context);
  net_weights_destroy(weights);
  net_pool_destroy(pool);
  net_model_destroy(model);
  return 0;
}
