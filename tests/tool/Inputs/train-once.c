/* A step of training on the main thread. */
#include <tiny.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(skip_status status) {
  if (status == SKIP_OK)
    return;
  fprintf(stderr, "%s\n", tiny_last_error());
  exit(1);
}

int main(void) {
  skip_model *model;
  skip_trainer *trainer;
  skip_training_result result;
  skip_tensor_info info;
  size_t images, floats;
  const float *inputs[1];
  int32_t *labels;
  check(tiny_model_create(&model));
  check(tiny_trainer_create(model, NULL, &trainer));
  check(tiny_trainer_init(trainer, 1));
  check(tiny_model_input(model, 0, &info));
  images = (size_t)tiny_trainer_max_group(model);
  floats = images * (size_t)(info.dims[1] * info.dims[2] * info.dims[3]);
  inputs[0] = calloc(floats, sizeof(float));
  labels = calloc(images, sizeof *labels);
  if (!inputs[0] || !labels)
    return 1;
  check(tiny_trainer_gradients(trainer, (int64_t)images, inputs, labels, &result));
  check(tiny_trainer_apply(trainer, 0.1));
  printf("loss %.4f\n", result.loss);
  free((void *)inputs[0]);
  free(labels);
  tiny_trainer_destroy(trainer);
  tiny_model_destroy(model);
  return 0;
}
