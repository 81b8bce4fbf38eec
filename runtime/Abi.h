// The plan's binary layout: what codegen writes into a library and the runtime walks. Plain C, included by both sides.
//
// A model image is a list of targets; a target is {backend, variants, load table, weights}, a variant {bounds, steps, kernels}.
// Everything is constant data with pointers that the linker resolves; nothing here is written after the library is linked.
#pragma once

#include <stdint.h>

#define SKIP_ABI_VERSION 2

// A kernel of the x86 target computes the work units [begin, end) of one step. `operands[i]` points at the interior origin of
// operand i (image 0, block 0, row 0, column 0; halo lies before it). `params` are the step's resolved parameters: params[0..2]
// is the work domain, whose units (after division by the kernel's split, rounded up) are numbered row-major; the rest is the
// kernel family's own.
typedef void (*SkipKernelFn)(void *const *operands, const int64_t *params, int64_t begin, int64_t end);

enum SkipTarget { SKIP_TARGET_X86 = 0, SKIP_TARGET_CUDA = 1 };

// Columns of the kernel table of the x86 target. A column that was not built has null functions.
enum SkipIsa { SKIP_ISA_AVX2 = 0, SKIP_ISA_AVX512 = 1, SKIP_ISA_COUNT = 2 };

enum SkipSegment {
  SKIP_SEGMENT_INPUT = 0,
  SKIP_SEGMENT_OUTPUT = 1,
  SKIP_SEGMENT_WEIGHTS = 2,
  SKIP_SEGMENT_STATE = 3,
  SKIP_SEGMENT_WORKSPACE = 4,
};

// How a tensor's elements lie in memory and what they are stored as; the numbers are those of ir/plan/PlanAttrs.td.
enum SkipLayout { SKIP_LAYOUT_FILTER16 = 2, SKIP_LAYOUT_FILTER1 = 3, SKIP_LAYOUT_VECTOR = 4, SKIP_LAYOUT_KRSC = 7 };
enum { SKIP_LANES = 16 }; // channels side by side in a block of x86's layouts
enum SkipElement { SKIP_ELEMENT_F32 = 0, SKIP_ELEMENT_F16 = 1, SKIP_ELEMENT_BF16 = 2, SKIP_ELEMENT_TF32 = 3 };

enum { SKIP_MAX_RANK = 4, SKIP_NO_TENSOR = -1 };

// Bytes of stack that no kernel may exceed.
enum { SKIP_MOST_KERNEL_STACK = 512 * 1024 };

// A run-time size. `bound` is the largest value that the variant's workspace was sized for. Extent 0 is the batch.
typedef struct SkipExtent {
  int64_t bound;
  int64_t initial; // the value when nothing else sets it
} SkipExtent;

// One kernel parameter: `value`, or `value * extents[extent]` when extent >= 0.
typedef struct SkipParam {
  int64_t value;
  int32_t extent; // -1: a constant
  int32_t reserved;
} SkipParam;

// One operand of a step: `base(segment, index) + offset + origin + first * imageBytes`, `first` being the first image of the
// section's turn.
typedef struct SkipOperand {
  uint32_t segment;    // SkipSegment
  uint32_t index;      // which input or output; 0 for the other segments
  uint64_t offset;     // of the buffer's first byte in its segment; 64-byte aligned but for input and output
  uint64_t bytes;      // of the whole buffer at the variant's bounds, halo included
  uint64_t origin;     // byte distance from the buffer's first byte to its interior origin
  uint64_t imageBytes; // from one image to the next where the buffer holds more images than its section takes at a time, else 0
} SkipOperand;

// A kernel of a variant of SKIP_TARGET_X86.
typedef struct SkipX86Kernel {
  const char *name;
  SkipKernelFn fn[SKIP_ISA_COUNT];
  int64_t split[SKIP_ISA_COUNT][3]; // domain[i] / split[i], rounded up, are the units along axis i
} SkipX86Kernel;

// What a run of a CUDA context says to its kernels, in device memory: they are launched for the variant's bound, in a graph
// that is made before the first run.
enum { SKIP_MOST_CUDA_PORTS = 31 };
typedef struct SkipCudaBlock {
  int64_t n;                            // images of this run
  uint64_t ports[SKIP_MOST_CUDA_PORTS]; // device addresses of the inputs, then of the outputs
} SkipCudaBlock;

// A tensor map that a kernel takes, of swizzled lines of 128 bytes; the driver encodes it at the launch. Sizes are in elements,
// distances in bytes, the innermost dimension first.
typedef struct SkipCudaMap {
  uint32_t operand;    // of the step, at whose address the tensor begins
  uint32_t isWalk;     // 1: through windows (im2col), of `box` channels and pixels; 0: of boxes
  uint32_t element;    // SkipElement
  uint32_t rank;       // 3 to 5
  uint64_t dims[5];    // 0: the turn's images
  uint64_t strides[4]; // of the dimensions behind the first
  uint32_t box[5];
  uint32_t steps[5]; // from one element that is taken to the next
  int32_t lower[3],
      upper[3]; // of a walk: where the windows' first pixels begin and end, of the dimensions between first and last
} SkipCudaMap;

// Columns of the kernel table of the CUDA target: the code that every GPU from sm_80 on runs, and that of sm_90a alone.
enum SkipCudaColumn { SKIP_CUDA_SM_80 = 0, SKIP_CUDA_SM_90A = 1, SKIP_CUDA_COLUMN_COUNT = 2 };

// How a kernel of a variant of SKIP_TARGET_CUDA is computed by the code of a column: its entry `name`, whose parameters are
//   .u64 block    of the SkipCudaBlock
//   .u32 first    the turn's first image
//   .u32 images   of the turn where n is the bound; an image `first + i` with i >= images or first + i >= n does not exist, and
//                 nothing of it is read or written
//   .u64 each     of the step's operands: base + offset + origin + first * imageBytes; of an input or output the address of its
//                 element of `ports`, and the kernel goes to image `first` itself
//   128 bytes     each of its tensor maps, 64-byte aligned
// Blocks are threads x 1 x 1. The grid along axis i is params[i] of the step, with extents at the turn's images, over split[i],
// rounded up, along the first axis to whole clusters; all its sizes but the images are compiled in.
typedef struct SkipCudaForm {
  const char *name;
  const SkipCudaMap *maps;
  uint32_t mapCount;
  uint32_t threads;
  uint32_t sharedBytes; // dynamic
  uint32_t cluster;     // blocks along the first axis
  uint32_t startsEarly; // 1: may be launched while the kernel in front still runs, since it waits for that one's end itself
  int64_t split[3];
} SkipCudaForm;

// A kernel of such a variant. A column that was not built has a null name.
typedef struct SkipCudaKernel {
  SkipCudaForm forms[SKIP_CUDA_COLUMN_COUNT];
} SkipCudaKernel;

typedef struct SkipStep {
  const char *name; // the layer whose value the step realises, e.g. `layer1.0.relu2`
  uint32_t kernel;
  uint32_t firstOperand, operandCount; // the step's results are its last operands
  uint32_t resultCount;
  uint32_t firstParam, paramCount;
  uint64_t outputs; // a bit for each of the model's that depend on the results; the last bit for the 64th and all behind it
} SkipStep;

// Steps that run together: all of them for `images` images of the batch, then for the next, until none are left. In each turn
// extent 0 is the number of its images.
typedef struct SkipSection {
  uint32_t firstStep, stepCount;
  int64_t images;
} SkipSection;

// A checkpoint tensor that the load table reads (F32, F16 or BF16 in the file).
typedef struct SkipTensor {
  const char *name;
  int32_t rank;
  int32_t reserved;
  int64_t dims[SKIP_MAX_RANK];
} SkipTensor;

// The batch norm that a value comes from; indexes into SkipModelImage.tensors.
typedef struct SkipNorm {
  int32_t gamma, beta;
} SkipNorm;

// What one load-table entry writes. With scale[oc] = gamma / sqrt(variance + epsilon) where batch norm is folded, else 1:
enum SkipLoadKind {
  // w[oc][ic][kh][kw] * scale[oc] as [oc/16][ic/b][kh][kw][b][16], zero where oc or ic is padding; b is 16 in layout filter16
  // (blocked activations) and 1 in filter1 (planar activations). A linear layer's [out][in] is dims {out, in, 1, 1}, or {out,
  // C, H, W} when it follows a flatten of [C, H, W]. Behind a 1x1 filter with `balance` are the factors of runtime/Balance.h.
  // In layout krsc as [oc][kh][kw][ic], ic rounded up to whole 16 bytes.
  SKIP_LOAD_CONV_WEIGHT = 0,
  // beta[oc] + (bias[oc] - mean[oc]) * scale[oc], each term where its tensor is given; padded with zeros to a multiple of 16.
  SKIP_LOAD_BIAS = 1,
  // scale[oc], padded with zeros to a multiple of 16.
  SKIP_LOAD_SCALE = 2,
};

typedef struct SkipLoad {
  uint32_t kind;       // SkipLoadKind
  uint32_t accumulate; // 1: add to what earlier entries wrote there (two biases that became one)
  uint64_t offset;     // in the weights segment, 64-byte aligned
  uint64_t bytes;
  int64_t dims[4];               // oc, ic, kh, kw; a vector has dims {oc, 1, 1, 1}
  uint32_t layout, element;      // SkipLayout, SkipElement: of what is written
  int64_t balance;               // blocks of input channels between those of a pair whose sums are formed; 0: none are
  uint32_t firstNorm, normCount; // of SkipTargetImage.norms: their sum is the filter's input; none where that is not known
  double epsilon;
  int32_t source; // the conv or linear weight; indexes into SkipModelImage.tensors, SKIP_NO_TENSOR where absent
  int32_t bias;   // the conv's or linear layer's own bias
  int32_t gamma, beta, mean, variance;
} SkipLoad;

typedef struct SkipVariant {
  uint32_t extentCount;
  uint32_t stepCount;
  uint32_t kernelCount;
  uint32_t sectionCount;
  uint32_t threadsExtent; // the extent that is set to the number of the pool's threads, at most its bound; 0: there is none
  uint32_t partCount;
  const SkipExtent *extents;
  const SkipSection *sections; // cover the steps in order
  // How many images the first part of a run has, where runs are faster in parts (passes/plan/DivideRuns.cpp): of as many as the
  // bound last, of one fewer before it, and so on for partCount numbers. Each part is run by the variant for as many.
  const int64_t *parts;
  const SkipStep *steps;
  const SkipOperand *operands;
  const SkipParam *params;
  const void *kernels;     // by target: SkipX86Kernel, SkipCudaKernel
  uint64_t workspaceBytes; // at the bounds
  uint64_t stateBytes;
} SkipVariant;

// What a port's elements are.
enum SkipPortElement { SKIP_PORT_F32 = 0, SKIP_PORT_I32 = 1 };

// An input or output as the caller sees it, row-major; dims[0] is the batch and stands as -1. A training library's labels are
// int32, its loss is [1]; all else is float32.
typedef struct SkipPort {
  const char *name;
  int32_t rank;
  int32_t element; // SkipPortElement
  int64_t dims[SKIP_MAX_RANK];
} SkipPort;

// How pictures are scaled.
enum SkipFilter { SKIP_FILTER_BILINEAR = 0, SKIP_FILTER_BICUBIC = 1 };

// What becomes of a picture before it is an input (docs/preprocessing.md).
typedef struct SkipPicture {
  uint32_t channels;  // 3, or 1: of grey pictures; 0: the input takes no pictures
  uint32_t filter;    // SkipFilter
  int32_t resize[2];  // height and width that the whole picture is scaled to; {R, 0}: the shorter side is R; {0, 0}: neither
  int32_t crop;       // of height and width; 0: none is declared
  float mean[3];      // of each channel, in units of the largest value
  float deviation[3]; // 0: the spec declares none
} SkipPicture;

// Names of an output's elements, in order, if the spec has them.
typedef struct SkipClasses {
  uint64_t count; // 0: none
  const char *const *names;
} SkipClasses;

// Code for a device, loaded when a context is made: an object for one architecture, or text that the driver compiles for any
// later one, but of a column whose code is for one architecture alone.
typedef struct SkipCode {
  uint32_t architecture; // by target, e.g. 80 of sm_80
  uint16_t isText;
  uint16_t column; // of the kernel table, by target
  uint64_t bytes;
  const void *data;
} SkipCode;

// What runs a target's plan (runtime/Backend.h). An image names it by its symbol, so a library holds the backends of its own
// targets alone.
typedef struct SkipBackend SkipBackend;

// One target's plan. Variants are sorted by their batch bound; all of them share one weights segment and load table.
typedef struct SkipTargetImage {
  uint32_t target; // SkipTarget
  uint32_t variantCount, loadCount, normCount, codeCount, reserved;
  const SkipBackend *backend;
  const SkipVariant *variants;
  const SkipLoad *loads;
  const SkipNorm *norms;
  const SkipCode *codes;
  uint64_t weightsBytes;       // of the weights segment
  uint64_t loadFingerprint;    // of tensors, load table and weightsBytes: a packed weights file bears it
  uint64_t kernelStackBytes;   // the most that any of the kernels takes of its thread's stack
  const void *embeddedWeights; // the weights segment itself, 64-byte aligned, or null
} SkipTargetImage;

// The root. Targets stand in the order in which they are tried.
typedef struct SkipModelImage {
  uint32_t abiVersion;
  uint32_t inputCount, outputCount, tensorCount, targetCount, reserved;
  const char *name;
  const char *compiler; // e.g. `skipc 0.1.0`
  const SkipPort *inputs;
  const SkipPort *outputs;
  const SkipTensor *tensors;
  const SkipTargetImage *targets;
  const SkipPicture *pictures; // what each input makes of pictures
  const SkipClasses *classes;  // of each output
} SkipModelImage;

#ifdef __cplusplus
extern "C" {
#endif
// Defined once in each library by codegen; local to it after linking.
extern const SkipModelImage skipModelImage;
#ifdef __cplusplus
}
#endif
