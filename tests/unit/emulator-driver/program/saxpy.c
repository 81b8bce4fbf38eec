// A program as users write them, in C: it opens the driver's library by name, asks it for its functions, loads PTX, runs a
// kernel alone and in a graph, and checks what came out.
//
// saxpy LIBRARY [run|leak|fault]: prints what failed and exits with 1, or exits with 0.
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000, THREADS = 128, SUCCESS = 0, VERSION = 12000, THREAD_LOCAL_CAPTURE = 1, NON_BLOCKING = 1 };

typedef uint64_t DeviceAddress;
typedef struct {
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  void *stream, *attributes;
  unsigned attributeCount;
} LaunchConfig;

static const char ptx[] =
    ".version 7.0\n"
    ".target sm_80\n"
    ".address_size 64\n"
    ".visible .entry saxpy(.param .u64 saxpy_param_0, .param .u64 saxpy_param_1, .param .f32 saxpy_param_2,\n"
    "                      .param .u32 saxpy_param_3)\n"
    "{\n"
    "  .reg .pred %p<2>;\n"
    "  .reg .f32 %f<5>;\n"
    "  .reg .b32 %r<6>;\n"
    "  .reg .b64 %rd<8>;\n"
    "  ld.param.u64 %rd1, [saxpy_param_0];\n"
    "  ld.param.u64 %rd2, [saxpy_param_1];\n"
    "  ld.param.f32 %f1, [saxpy_param_2];\n"
    "  ld.param.u32 %r1, [saxpy_param_3];\n"
    "  mov.u32 %r2, %ctaid.x;\n"
    "  mov.u32 %r3, %ntid.x;\n"
    "  mov.u32 %r4, %tid.x;\n"
    "  mad.lo.s32 %r5, %r2, %r3, %r4;\n"
    "  setp.ge.s32 %p1, %r5, %r1;\n"
    "  @%p1 bra $done;\n"
    "  cvta.to.global.u64 %rd3, %rd1;\n"
    "  cvta.to.global.u64 %rd4, %rd2;\n"
    "  mul.wide.s32 %rd5, %r5, 4;\n"
    "  add.s64 %rd6, %rd3, %rd5;\n"
    "  add.s64 %rd7, %rd4, %rd5;\n"
    "  ld.global.f32 %f2, [%rd6];\n"
    "  ld.global.f32 %f3, [%rd7];\n"
    "  fma.rn.f32 %f4, %f1, %f2, %f3;\n"
    "  st.global.f32 [%rd7], %f4;\n"
    "$done:\n"
    "  ret;\n"
    "}\n";

static int (*getProcAddress)(const char *, void **, int, uint64_t, int *);
static int (*getErrorName)(int, const char **);

static void failed(const char *what, int result) {
  const char *name = NULL;
  if (getErrorName)
    getErrorName(result, &name);
  printf("%s: %s\n", what, name ? name : "no such function");
  exit(1);
}

static void *find(const char *name) {
  void *function = NULL;
  int result = getProcAddress(name, &function, VERSION, 0, NULL);
  if (result != SUCCESS || !function)
    failed(name, result);
  return function;
}

// Calls the entry point `name` with arguments of the given types; ends the program if it fails.
#define CALL(name, types, ...)                                                                                                 \
  do {                                                                                                                         \
    int result_ = ((int(*) types)find(#name))(__VA_ARGS__);                                                                    \
    if (result_ != SUCCESS)                                                                                                    \
      failed(#name, result_);                                                                                                  \
  } while (0)

static void launch(void *kernel, void *stream, DeviceAddress x, DeviceAddress y, float factor) {
  unsigned count = COUNT;
  void *params[] = {&x, &y, &factor, &count};
  LaunchConfig config = {(COUNT + THREADS - 1) / THREADS, 1, 1, THREADS, 1, 1, 0, stream, NULL, 0};
  CALL(cuLaunchKernelEx, (const LaunchConfig *, void *, void **, void **), &config, kernel, params, NULL);
}

static void check(const float *y, float expected, const char *when) {
  for (int i = 0; i < COUNT; ++i)
    if (y[i] != expected * (float)i) {
      printf("%s: element %d is %g, not %g\n", when, i, (double)y[i], (double)(expected * (float)i));
      exit(1);
    }
}

static void *capture(void *kernel, void *stream, DeviceAddress x, DeviceAddress y) {
  void *graph = NULL, *exec = NULL;
  CALL(cuStreamBeginCapture, (void *, int), stream, THREAD_LOCAL_CAPTURE);
  launch(kernel, stream, x, y, 1);
  launch(kernel, stream, x, y, 2);
  CALL(cuStreamEndCapture, (void *, void **), stream, &graph);
  CALL(cuGraphInstantiateWithFlags, (void **, void *, uint64_t), &exec, graph, 0);
  CALL(cuGraphDestroy, (void *), graph);
  CALL(cuGraphUpload, (void *, void *), exec, stream);
  return exec;
}

int main(int argc, char **argv) {
  const char *mode = argc > 2 ? argv[2] : "run";
  void *library = dlopen(argc > 1 ? argv[1] : "libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    printf("%s\n", dlerror());
    return 1;
  }
  getProcAddress = (int (*)(const char *, void **, int, uint64_t, int *))dlsym(library, "cuGetProcAddress_v2");
  getErrorName = (int (*)(int, const char **))find("cuGetErrorName");
  CALL(cuInit, (unsigned), 0);
  int device = -1;
  void *context = NULL, *code = NULL, *kernel = NULL, *stream = NULL, *pinned = NULL;
  CALL(cuDeviceGet, (int *, int), &device, 0);
  CALL(cuDevicePrimaryCtxRetain, (void **, int), &context, device);
  CALL(cuCtxPushCurrent, (void *), context);
  CALL(cuLibraryLoadData, (void **, const void *, void *, void *, unsigned, void *, void *, unsigned), &code, ptx, NULL, NULL,
       0, NULL, NULL, 0);
  CALL(cuLibraryGetKernel, (void **, void *, const char *), &kernel, code, "saxpy");
  CALL(cuStreamCreateWithPriority, (void **, unsigned, int), &stream, NON_BLOCKING, 0);

  DeviceAddress x = 0, y = 0;
  CALL(cuMemAlloc, (DeviceAddress *, size_t), &x, COUNT * sizeof(float));
  CALL(cuMemAlloc, (DeviceAddress *, size_t), &y, COUNT * sizeof(float));
  CALL(cuMemHostAlloc, (void **, size_t, unsigned), &pinned, COUNT * sizeof(float), 0);
  float *host = pinned;
  for (int i = 0; i < COUNT; ++i)
    host[i] = (float)i;
  CALL(cuMemcpyHtoDAsync, (DeviceAddress, const void *, size_t, void *), x, host, COUNT * sizeof(float), stream);
  CALL(cuMemcpyHtoDAsync, (DeviceAddress, const void *, size_t, void *), y, host, COUNT * sizeof(float), stream);
  launch(kernel, stream, x, strcmp(mode, "fault") ? y : y + 4096, 3);
  CALL(cuMemcpyDtoHAsync, (void *, DeviceAddress, size_t, void *), host, y, COUNT * sizeof(float), stream);
  CALL(cuStreamSynchronize, (void *), stream);
  check(host, 4, "after the kernel");

  void *exec = capture(kernel, stream, x, y);
  for (int i = 0; i < 2; ++i)
    CALL(cuGraphLaunch, (void *, void *), exec, stream);
  CALL(cuMemcpyDtoHAsync, (void *, DeviceAddress, size_t, void *), host, y, COUNT * sizeof(float), stream);
  CALL(cuStreamSynchronize, (void *), stream);
  check(host, 10, "after the graph");
  if (strcmp(mode, "leak") == 0)
    return 0;

  CALL(cuGraphExecDestroy, (void *), exec);
  CALL(cuMemFree, (DeviceAddress), x);
  CALL(cuMemFree, (DeviceAddress), y);
  CALL(cuMemFreeHost, (void *), pinned);
  CALL(cuStreamDestroy, (void *), stream);
  CALL(cuLibraryUnload, (void *), code);
  CALL(cuCtxPopCurrent, (void **), &context);
  CALL(cuDevicePrimaryCtxRelease, (int), device);
  dlclose(library);
  return 0;
}
