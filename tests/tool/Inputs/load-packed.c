/* load-packed CHECKPOINT PACKED: whether a network gives the same bits with both. */
#include <tiny.h>
#include <stdio.h>
#include <string.h>

static void check(skip_status status) {
  if (status == SKIP_OK)
    return;
  printf("%s\n", tiny_last_error());
}

static void run(skip_model *model, const char *file, const float *image, float *logits) {
  const float *inputs[1];
  float *outputs[1];
  skip_weights *weights;
  skip_context *context;
  inputs[0] = image;
  outputs[0] = logits;
  check(tiny_weights_load_file(model, file, &weights));
  check(tiny_context_create(model, weights, NULL, &context));
  check(tiny_run(context, 1, inputs, outputs));
  tiny_context_destroy(context);
  tiny_weights_destroy(weights);
}

int main(int argc, char **argv) {
  static float image[3 * 32 * 32], logits[2][10];
  skip_model *model;
  int i;
  if (argc != 3)
    return 1;
  for (i = 0; i < 3 * 32 * 32; ++i)
    image[i] = (float)(i % 97) / 97;
  check(tiny_model_create(&model));
  run(model, argv[1], image, logits[0]);
  run(model, argv[2], image, logits[1]);
  puts(logits[0][0] != 0 && memcmp(logits[0], logits[1], sizeof logits[0]) == 0 ? "the same bits" : "different bits");
  tiny_model_destroy(model);
  return 0;
}
