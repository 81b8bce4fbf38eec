#include <net.h>
#include <stdio.h>

static int write_file(void *file, const void *bytes, size_t count) { return fwrite(bytes, 1, count, file) == count ? 0 : 1; }

int main(int count, char **arguments) {
  static float pixels_of[2][64 * 3 * 32 * 32];
  const float *pixels[2] = {pixels_of[0], pixels_of[1]};
  static int32_t labels[2][64];
  skip_metadata metadata[1] = {{"step", "1"}};
  skip_write write = write_file;
  int step, group, steps = 1;
  skip_model *model = NULL;
  skip_weights *weights = NULL;
  skip_trainer *trainer = NULL;
  skip_pool *pool = NULL;
  FILE *file = fopen(count > 1 ? arguments[1] : "trained.safetensors", "wb");
  if (!file || net_model_create(&model) != SKIP_OK)
    return 1;
  /* the block */
  fclose(file);
  fprintf(stderr, "loss %g: %s\n", result.loss, net_last_error());
  return weights && result.loss > 2 ? 0 : 1;
}
