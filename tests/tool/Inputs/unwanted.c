/* Runs `branches` for each set of outputs: how many steps that takes, and whether what is wanted has the bits of a whole run. */
#include <branches.h>

#include <stdio.h>
#include <string.h>

enum { IMAGES = 3, MOST = 16 * 12 * 12 };

static void count(void *user, const skip_step_event *event) {
  (void)event;
  ++*(int *)user;
}

int main(void) {
  static const size_t each[3] = {12 * 12, MOST, 5};
  static float picture[IMAGES * 3 * 12 * 12], whole[3][IMAGES * MOST], part[3][IMAGES * MOST];
  const float *in = picture;
  float *out[] = {whole[0], whole[1], whole[2]};
  skip_model *model;
  skip_weights *weights;
  skip_context *context;
  int i, wanted, all, steps = 0;
  for (i = 0; i < IMAGES * 3 * 12 * 12; ++i)
    picture[i] = (float)(i % 7) - 3;
  if (branches_model_create(&model) || branches_weights_embedded(model, &weights) ||
      branches_context_create(model, weights, NULL, &context) || branches_context_observe(context, count, &steps) ||
      branches_run(context, IMAGES, &in, out))
    return printf("error: %s\n", branches_last_error());
  all = steps;
  for (wanted = 0; wanted < 8; ++wanted) {
    int same = 1;
    for (i = 0; i < 3; ++i)
      out[i] = wanted >> i & 1 ? part[i] : NULL;
    memset(part, 0, sizeof part);
    steps = 0;
    if (branches_run(context, IMAGES, &in, out))
      return printf("error: %s\n", branches_last_error());
    for (i = 0; i < 3; ++i)
      if (out[i])
        same &= !memcmp(part[i], whole[i], IMAGES * each[i] * sizeof(float));
    printf("%s%s%s: %s steps, %s\n", wanted & 1 ? " mask" : "", wanted & 2 ? " rows" : "", wanted & 4 ? " logits" : "",
           steps == 0 ? "no" : steps < all ? "fewer" : "all", same ? "the same" : "DIFFERENT");
  }
  branches_context_destroy(context);
  branches_weights_destroy(weights);
  branches_model_destroy(model);
  return 0;
}
