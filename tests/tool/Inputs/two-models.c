/* Runs the models `tiny` and `other`, linked as objects, on one picture. */
#include <other.h>
#include <tiny.h>

#include <stdio.h>
#include <string.h>

#define RUN(name, in, out)                                                                                                     \
  static int run_##name(const float *in, float *out) {                                                                         \
    skip_model *model;                                                                                                         \
    skip_weights *weights;                                                                                                     \
    skip_context *context;                                                                                                     \
    int failed = name##_model_create(&model) || name##_weights_embedded(model, &weights) ||                                    \
                 name##_context_create(model, weights, NULL, &context) || name##_run(context, 1, &in, &out);                   \
    if (failed)                                                                                                                \
      printf("error: %s\n", name##_last_error());                                                                              \
    return failed;                                                                                                             \
  }
RUN(tiny, in, out)
RUN(other, in, out)

int main(void) {
  static float picture[3 * 32 * 32], first[10], second[10];
  int i;
  for (i = 0; i < 3 * 32 * 32; ++i)
    picture[i] = (float)(i % 7) - 3;
  if (run_tiny(picture, first) || run_other(picture, second))
    return 1;
  printf("tiny and other: 10 classes, %s results\n", memcmp(first, second, sizeof first) ? "different" : "equal");
  return 0;
}
