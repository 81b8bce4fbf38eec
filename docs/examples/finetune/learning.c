/* A step is: pixels to floats, gradients, apply. The rate falls to a tenth for the last third. */
#include "learning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double first_rate = 0.01, decay = 1e-4;

void check(skip_status status, const char *what) {
  if (status != SKIP_OK)
    fail(what, net_last_error());
}

/* Numbers for the order of pictures and for mirroring: the same in each run (xorshift). */
static uint32_t draw(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static void shuffle(int *order, int count, uint32_t *state) {
  int i;
  for (i = count - 1; i > 0; --i) {
    int other = (int)(draw(state) % (uint32_t)(i + 1)), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
}

static void normalize(const skip_model *model, const uint8_t *pixels, int side, float *input) {
  check(net_normalize_rgb8(model, pixels, 1, side, side, input), "normalize");
}

/* One group, which is a whole step: its pictures are batch norm's batch. */
static double step(const skip_model *model, skip_trainer *trainer, const struct examples *examples, const int *chosen, int count,
                   double rate, uint32_t *state) {
  size_t bytes = (size_t)examples->side * (size_t)examples->side * 3;
  float *input = malloc((size_t)count * bytes * sizeof *input);
  int32_t *labels = malloc((size_t)count * sizeof *labels);
  uint8_t *picture = malloc(bytes);
  const float *inputs[1];
  skip_training_result result;
  int i;
  if (!input || !labels || !picture)
    fail("memory", "there is not enough");
  for (i = 0; i < count; ++i) {
    memcpy(picture, examples->pixels + (size_t)chosen[i] * bytes, bytes);
    if (draw(state) % 2)
      mirror(examples->side, picture);
    normalize(model, picture, examples->side, input + (size_t)i * bytes);
    labels[i] = examples->labels[chosen[i]];
  }
  inputs[0] = input;
  check(net_trainer_gradients(trainer, count, inputs, labels, &result), "gradients");
  check(net_trainer_apply(trainer, rate), "apply");
  free(input);
  free(labels);
  free(picture);
  return result.loss * count;
}

static void begin(skip_trainer *trainer, const char *checkpoint) {
  check(net_trainer_init(trainer, 1), "init");
  /* The head has another shape than the checkpoint's, or another name: it keeps its fresh values. */
  check(net_trainer_load_file(trainer, checkpoint, SKIP_FRESH_MISSING), "checkpoint");
  check(net_trainer_set_number(trainer, SKIP_TRAINER_DECAY, decay), "decay");
}

void learn(const skip_model *model, skip_trainer *trainer, const char *checkpoint, const struct examples *examples, int epochs) {
  int *order = malloc((size_t)examples->count * sizeof *order), most = (int)net_trainer_max_group(model), epoch, i;
  int steps = (examples->count + most - 1) / most; /* of nearly one size, so that no batch norm sees but a picture or two */
  uint32_t state = 1;
  if (!order)
    fail("memory", "there is not enough");
  begin(trainer, checkpoint);
  for (i = 0; i < examples->count; ++i)
    order[i] = i;
  for (epoch = 0; epoch < epochs; ++epoch) {
    double rate = 3 * epoch < 2 * epochs ? first_rate : first_rate / 10, loss = 0;
    shuffle(order, examples->count, &state);
    for (i = 0; i < steps; ++i) {
      int first = i * examples->count / steps, end = (i + 1) * examples->count / steps;
      loss += step(model, trainer, examples, order + first, end - first, rate, &state);
    }
    printf("epoch %d: loss %.4f\n", epoch + 1, loss / examples->count);
  }
  free(order);
}

void classify(const skip_model *model, skip_context *context, const uint8_t *pixels, int side, int classes, double *likely) {
  float *input = malloc((size_t)side * (size_t)side * 3 * sizeof *input), *logits = malloc((size_t)classes * sizeof *logits);
  const float *inputs[1];
  double most = -INFINITY, sum = 0;
  int i;
  if (!input || !logits)
    fail("memory", "there is not enough");
  normalize(model, pixels, side, input);
  inputs[0] = input;
  check(net_run(context, 1, inputs, &logits), "run");
  for (i = 0; i < classes; ++i)
    most = logits[i] > most ? logits[i] : most;
  for (i = 0; i < classes; ++i)
    sum += likely[i] = exp(logits[i] - most);
  for (i = 0; i < classes; ++i)
    likely[i] /= sum;
  free(input);
  free(logits);
}
