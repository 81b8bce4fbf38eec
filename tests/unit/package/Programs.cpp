// The C programs that tests link against libraries.
#include "tests/unit/package/Programs.h"

namespace test {

static std::string substitute(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

static const char *const session = R"(
#include "@.h"
static skip_model *@_m; static skip_weights *@_w; static skip_pool *@_p; static skip_context *@_c;
static int @_fail(void) { printf("error: %s\n", @_last_error()); return 1; }
static int @_open(const char *path) {
  skip_context_options options = {0};
  if (@_model_create(&@_m)) return @_fail();
  if (path ? @_weights_load_file(@_m, path, &@_w) : @_weights_embedded(@_m, &@_w)) return @_fail();
  if (@_pool_create(2, &@_p)) return @_fail();
  options.pool = @_p;
  if (@_context_create(@_m, @_w, &options, &@_c)) return @_fail();
  return 0;
}
static int @_print(int64_t n) {
  float x[8 * 4], y[8 * 3];
  const float *in = x;
  float *out = y;
  int i;
  for (i = 0; i < n * 4; ++i) x[i] = (float)(i % 11 - 5);
  if (@_run(@_c, n, &in, &out)) return @_fail();
  printf("@:");
  for (i = 0; i < n * 3; ++i) printf(" %g", y[i]);
  printf("\n");
  return 0;
}
static void @_close(void) {
  @_context_destroy(@_c); @_pool_destroy(@_p); @_weights_destroy(@_w); @_model_destroy(@_m);
}
)";

static std::string sessionFor(const std::string &name) { return substitute(session, "@", name); }

std::string runnerText(const std::string &name) {
  return "#include <stdio.h>\n" + sessionFor(name) +
         substitute("int main(int argc, char **argv) {\n"
                    "  int status = @_open(argc > 1 ? argv[1] : 0) || @_print(2) || @_print(8);\n"
                    "  @_close();\n"
                    "  return status;\n}\n",
                    "@", name);
}

std::string pairText(const std::string &first, const std::string &second) {
  std::string text = "#include <stdio.h>\n" + sessionFor(first) + sessionFor(second) +
                     "int main(void) {\n"
                     "  int status = A_open(0) || B_open(0) || A_print(1) || B_print(1) || A_print(1);\n"
                     "  A_close();\n"
                     "  B_close();\n"
                     "  return status;\n}\n";
  return substitute(substitute(text, "A_", first + "_"), "B_", second + "_");
}

static const char *const stackProgram = R"(
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "@.h"
static skip_context *context;
static int failed(void) { printf("error: %s\n", @_last_error()); return 1; }
static void *run(void *result) {
  float x[8 * 4], y[8 * 3];
  const float *in = x;
  float *out = y;
  int i;
  for (i = 0; i < 8 * 4; ++i) x[i] = (float)(i % 11 - 5);
  *(int *)result = @_run(context, 8, &in, &out) ? failed() : 0;
  return 0;
}
static int run_on_thread(size_t bytes) {
  pthread_attr_t attributes;
  pthread_t thread;
  int result = 1;
  if (pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, bytes)) return 2;
  if (pthread_create(&thread, &attributes, run, &result) || pthread_join(thread, 0)) return 3;
  return result;
}
int main(int argc, char **argv) {
  skip_model *model; skip_weights *weights; skip_pool *pool = 0;
  skip_context_options options = {0};
  int pooled = argv[1][0] == 'p', result = 0, i;
  if (@_model_create(&model) || @_weights_embedded(model, &weights)) return failed();
  if (pooled && @_pool_create(atoi(argv[2]), &pool)) return failed();
  options.pool = pool;
  if (@_context_create(model, weights, &options, &context)) return failed();
  for (i = 0; i < (pooled ? 20 : 1) && !result; ++i)
    if (pooled) run(&result);
    else result = run_on_thread(argc > 2 ? (size_t)atol(argv[2]) : @_model_stack_bytes(model));
  @_context_destroy(context); @_pool_destroy(pool); @_weights_destroy(weights); @_model_destroy(model);
  return result;
}
)";

std::string stackText(const std::string &name) { return substitute(stackProgram, "@", name); }

} // namespace test
