/* The C API of a compiled model. Every emitted <name>.h is this text with `skipmodel_` replaced by `<name>_`.
 *
 * Three objects: a model (the compiled code, constant), weights (immutable once loaded) and a context (bound to one weights
 * object; owns or borrows its workspace). No call aborts; every status but SKIP_OK comes with a text, skipmodel_last_error(),
 * that holds until the thread's next call into this library; what it quotes and a terminal would obey is escaped. Objects of
 * another library are refused by all calls but destroy. Any number of contexts may run at once; one context, and one pool,
 * serves one run at a time. Besides the objects a library keeps a thread's number and last error, and of target cuda, for the
 * process, the driver that was opened first, and a lock that a bind and the end of weights hold. Plain C99, fine in C++. */
#ifndef SKIPMODEL_H
#define SKIPMODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Types that all libraries of one ABI version share. */
#ifndef SKIP_TYPES_ABI_2
#define SKIP_TYPES_ABI_2

typedef enum skip_status {
  SKIP_OK = 0,
  SKIP_INVALID_ARGUMENT = 1,
  SKIP_OUT_OF_MEMORY = 2,
  SKIP_NO_WEIGHTS = 3,  /* a run before weights were bound, or none are embedded */
  SKIP_BAD_WEIGHTS = 4, /* not weights of this model, or NaN or infinity in them; of a checkpoint, the text lists every tensor
                           concerned and why */
  SKIP_IO_ERROR = 5,
  SKIP_UNSUPPORTED_CPU = 6, /* the library holds no body that this CPU can run */
  SKIP_BUSY = 7,            /* the context or its pool is inside another run */
  SKIP_SYSTEM_ERROR = 8,    /* a thread could not be started, ... */
  SKIP_NO_DEVICE = 9,    /* no device here runs the target: it, its driver or its memory is missing; the text says what to do */
  SKIP_DRIVER_ERROR = 10 /* a device's driver reported a failure; the text has its words */
} skip_status;

typedef struct skip_model skip_model;
typedef struct skip_weights skip_weights;
typedef struct skip_context skip_context;
typedef struct skip_pool skip_pool;

/* An input or output: float32, row-major (NCHW for pictures). dims[0] is -1: the number of images is given to each run. */
typedef struct skip_tensor_info {
  const char *name;
  int32_t rank;
  int64_t dims[4];
} skip_tensor_info;

/* A caller's own parallel loop: call task(argument, begin, end) for disjoint ranges that cover [0, count), on any threads, and
 * return when all have returned. Each of these threads has model_stack_bytes of stack. */
typedef void (*skip_task)(void *argument, int64_t begin, int64_t end);
typedef void (*skip_parallel_for)(void *user, int64_t count, skip_task task, void *argument);

/* What an observer hears after each step of a run, which may come several times in a run, each time for some of the images.
 * `results` point at the interior origins of the step's results, at image `first_image`. On target cuda they are copies of the
 * host's, which hold until the observer returns; what it changes there is written back to the device. */
typedef struct skip_step_event {
  int64_t index;
  const char *name;
  double seconds;
  const void *const *results;
  int32_t result_count;
  int64_t first_image, images;
  int64_t plan; /* the largest n of the plan that `index` counts in: a run of n may have parts, each by the plan for as many
                   images */
} skip_step_event;
typedef void (*skip_observer)(void *user, const skip_step_event *event);

/* Zero means the default for each field. */
typedef struct skip_model_options {
  const char
      *target; /* e.g. `x86`; null or empty: the library's first that runs here, or that SKIP_TARGET in the environment names */
  int32_t device; /* of those that the target's driver counts; x86 has one, 0 */
} skip_model_options;

typedef struct skip_context_options {
  int64_t max_batch; /* default: the largest batch that the library was built for */
  void *workspace; /* default: the context allocates it; else 64-byte aligned, of workspace_bytes. On target cuda memory of the
                      model's device, 256-byte aligned; the host's is refused; context_create may clear it, so no run that uses
                      it may be on its way. A context has a little more there: the state, and places for arrays of the host's */
  size_t workspace_bytes;
  skip_pool *pool;                /* default: run on the calling thread alone. Target cuda has no use for a pool */
  skip_parallel_for parallel_for; /* used instead of a pool */
  void *parallel_user;
  int32_t undivided; /* 1: run all n images by one plan, even where parts by several are predicted to be faster */
} skip_context_options;

#endif /* SKIP_TYPES_ABI_2 */

/* Types of pictures. */
#ifndef SKIP_PICTURE_TYPES_ABI_2
#define SKIP_PICTURE_TYPES_ABI_2

/* What a pixel's bytes are, for the calls' `order`. Alpha is not looked at. */
typedef enum skip_pixel_order { SKIP_RGB = 0, SKIP_BGR = 1, SKIP_RGBA = 2, SKIP_GREY = 3 } skip_pixel_order;

/* What the spec's input declares of pictures. */
typedef struct skip_picture_info {
  int32_t channels; /* 3, or 1: of grey */
  int64_t height, width;
  int32_t resize;                      /* the length of the shorter side; 0: none is declared */
  int32_t resize_height, resize_width; /* that the whole picture is scaled to; 0: none are declared */
  int32_t crop;                        /* 0: none is declared */
  int32_t bicubic;                     /* 1: scaled so; 0: bilinear. Both with antialiasing */
  float mean[3], std[3];               /* of each channel; 0 and 1 where none are declared */
} skip_picture_info;

/* Zero means the default for each field. */
typedef struct skip_preprocess_options {
  int32_t input; /* index of the input, by default the first */
  void *scratch; /* default: the call allocates and frees it; else 64-byte aligned, of preprocess_scratch_bytes */
  size_t scratch_bytes;
} skip_preprocess_options;

#endif /* SKIP_PICTURE_TYPES_ABI_2 */

/* model_create_for with the defaults. */
skip_status skipmodel_model_create(skip_model **model);
/* Picks a target that the library was built for and that runs here, and the target's body: for this CPU (in the environment
 * SKIP_ISA=avx2 or avx512 forces one, SKIP_NO_AVX512=1 makes the CPU one without AVX-512), or for this GPU, whose driver is
 * opened here (SKIP_CUDA_DRIVER names another library than libcuda.so.1) and takes the code that is in the library. `options`
 * may be null. Where no target runs, the text says of each why. SKIP_INVALID_ARGUMENT: no such target in the library, or no
 * such device or body; of several targets one that fails so decides, else the last. */
skip_status skipmodel_model_create_for(const skip_model_options *options, skip_model **model);
void skipmodel_model_destroy(skip_model *model);
/* The target that was picked: `x86` or `cuda`. */
const char *skipmodel_model_target(const skip_model *model);
/* Its body: `avx2` or `avx512`; of target cuda the architecture of the code that was loaded, e.g. `sm_80`, or `sm_90a`. */
const char *skipmodel_model_isa(const skip_model *model);
int64_t skipmodel_model_max_batch(const skip_model *model);
int32_t skipmodel_model_input_count(const skip_model *model);
int32_t skipmodel_model_output_count(const skip_model *model);
skip_status skipmodel_model_input(const skip_model *model, int32_t index, skip_tensor_info *info);
skip_status skipmodel_model_output(const skip_model *model, int32_t index, skip_tensor_info *info);
/* What an input makes of pictures; SKIP_INVALID_ARGUMENT for one that takes none. */
skip_status skipmodel_model_picture(const skip_model *model, int32_t index, skip_picture_info *info);
/* The name of an element of an output; null where the spec names none. */
const char *skipmodel_model_class_name(const skip_model *model, int32_t output, int64_t index);
/* Bytes of workspace that a context for up to `batch` images needs; 0 when `batch` is not in 1..max_batch. */
size_t skipmodel_model_workspace_bytes(const skip_model *model, int64_t batch);

/* Bytes of stack that a thread must have that calls run, or that runs tasks of a parallel_for; a pool's threads have them. Of
 * these 32 KB are for the thread's own frames and thread-local variables: one that has more of them needs as much more. */
size_t skipmodel_model_stack_bytes(const skip_model *model);

/* The embedded weights; SKIP_NO_WEIGHTS when the library has none. */
skip_status skipmodel_weights_embedded(const skip_model *model, skip_weights **weights);
/* From a safetensors checkpoint or a packed weights file that was written for this model. All values of a checkpoint are
 * checked; a packed file is mapped, and only its header and size are: it was checked when it was written.
 * While it is mapped nobody may write to it or shorten it: put a new file in its place by renaming. */
skip_status skipmodel_weights_load_file(const skip_model *model, const char *path, skip_weights **weights);
/* The same from memory, which may be freed afterwards; values of packed weights are checked too. */
skip_status skipmodel_weights_load_memory(const skip_model *model, const void *data, size_t bytes, skip_weights **weights);
void skipmodel_weights_destroy(skip_weights *weights);

/* A pool of `threads` threads, the caller of a run counted in; 0: as many as this process may use (cpuset, cgroup quota). */
skip_status skipmodel_pool_create(int32_t threads, skip_pool **pool);
int32_t skipmodel_pool_threads(const skip_pool *pool);
void skipmodel_pool_destroy(skip_pool *pool);

/* `weights` may be null and bound later; `options` may be null. Neither is owned; both, and the model, must outlive the
 * context. */
skip_status skipmodel_context_create(const skip_model *model, const skip_weights *weights, const skip_context_options *options,
                                     skip_context **context);
/* Later runs use these weights. On target cuda they are copied to the device, once for all contexts there, until they are
 * destroyed; where that fails, the context keeps those that it had. */
skip_status skipmodel_context_bind(skip_context *context, const skip_weights *weights);
skip_status skipmodel_context_observe(skip_context *context, skip_observer observer, void *user);
void skipmodel_context_destroy(skip_context *context);

/* Runs n images. inputs[i] and outputs[i] are float32 arrays of n images each, inputs normalised. Allocates nothing, unless a
 * context of target cuda has an observer. An output that is null is not wanted: on target x86 steps on which no wanted one
 * depends are left out and not observed; on target cuda all is computed, and it is not copied. An output may share no memory
 * with an input, another output, the workspace or the weights, nor an input with the workspace: such a run is refused. Inputs
 * may share memory with each other. The calling thread needs model_stack_bytes of stack. A run on one that has too little left
 * is refused where memory that cannot be read lies below the stack: the guard page that threads have unless they are made
 * without.
 *
 * On target cuda each array may be the host's or memory of the model's device. The run does not wait for streams of the caller:
 * what is in device memory must be there. The caller's current context is what it was. After SKIP_DRIVER_ERROR the context runs
 * again, unless the device itself failed: then each later call answers the same, and the process can use that device no more.
 */
skip_status skipmodel_run(skip_context *context, int64_t n, const float *const *inputs, float *const *outputs);

/* The same without waiting for its end, on target cuda: its work is given to `stream`, a CUstream of the device's primary
 * context (null: the legacy stream) that does not capture, behind what is in it. Arrays are memory of the device or pinned, and
 * stay as they are until the stream has come so far. Runs of one context follow each other, whatever their streams are, and up
 * to four may be on their way before a call waits for the first. A failure of the device is told by the next call that meets
 * it. With an observer it is refused. On target x86 this is skipmodel_run, and `stream` is not looked at. */
skip_status skipmodel_run_async(skip_context *context, int64_t n, const float *const *inputs, float *const *outputs,
                                void *stream);

/* One picture of any size to one image of the input: scaled, cut and normalised as the spec's input declares, bit for bit as
 * `skipc run` does it. `pixels` has `height` rows of `width` pixels of 8 bits a channel, from one row to the next `row_bytes`
 * (0: rows without gaps). Sides are at most 65535. A grey picture is repeated for an input of three channels; one in colour is
 * made grey for an input of one. `options` may be null. Any number of threads may do this at once. */
skip_status skipmodel_preprocess_rgb8(const skip_model *model, const uint8_t *pixels, int64_t width, int64_t height,
                                      int64_t row_bytes, int32_t order, float *input, const skip_preprocess_options *options);
/* Bytes of scratch for pictures of that size; 0, with an error's text, where preprocess_rgb8 would refuse them. */
size_t skipmodel_preprocess_scratch_bytes(const skip_model *model, int32_t input, int64_t width, int64_t height, int32_t order);
/* n pictures of height x width as 8-bit RGB, row by row, to the model's normalised NCHW input: (value / 255 - mean) / std. */
skip_status skipmodel_normalize_rgb8(const skip_model *model, const uint8_t *pixels, int64_t n, int64_t height, int64_t width,
                                     float *input);

const char *skipmodel_last_error(void);

#ifdef __cplusplus
}
#endif
#endif /* SKIPMODEL_H */
