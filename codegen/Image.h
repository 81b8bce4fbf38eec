// A model image in the making: what runtime/Abi.h points to, owned.
#pragma once

#include "codegen/nvptx/KernelTable.h"
#include "codegen/x86/KernelTable.h"
#include "runtime/Abi.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace skip::codegen {

/// An input or output; dims[0] is -1.
struct Port {
  std::string name;
  std::vector<int64_t> dims;
  SkipPortElement element = SKIP_PORT_F32;
  std::vector<std::string> classes{}; // names of an output's elements; empty: the spec has none
};

struct Step {
  std::string name;
  uint32_t kernel = 0; // of its variant
  uint32_t resultCount = 1;
  std::vector<SkipOperand> operands;
  std::vector<SkipParam> params;
  uint64_t outputs = 0; // SkipStep's
};

struct Variant {
  std::vector<SkipExtent> extents;
  std::vector<SkipSection> sections;
  std::vector<Step> steps;
  std::vector<int64_t> parts;                    // SkipVariant's
  std::variant<X86Kernels, CudaKernels> kernels; // by target
  uint32_t threadsExtent = 0;
  uint64_t workspaceBytes = 0;
  uint64_t stateBytes = 0;
};

/// A checkpoint tensor.
struct Tensor {
  std::string name;
  std::vector<int64_t> dims;
};

/// Code that is loaded when a context is made (SkipCode in runtime/Abi.h). A text ends with a zero that `bytes` of the image
/// does not count.
struct Code {
  uint32_t architecture = 0;
  bool isText = false;
  SkipCudaColumn column = SKIP_CUDA_SM_80;
  std::string bytes;
};

/// Whether no later GPU than that of its architecture runs it.
bool isForOneAlone(const Code &code);

/// As NVIDIA names it: sm_90, and sm_90a of code for that one alone.
std::string architectureOf(const Code &code);

/// One target's plan.
struct TargetImage {
  SkipTarget target = SKIP_TARGET_X86;
  std::vector<Variant> variants; // sorted by batch bound
  std::vector<SkipLoad> loads;
  std::vector<SkipNorm> norms;
  std::vector<Code> codes;
  uint64_t weightsBytes = 0;
  uint64_t kernelStackBytes = 0; // x86::Compiled says it
};

struct Image {
  std::string name;     // a C identifier
  std::string compiler; // `skipc 0.1.0`
  std::vector<Port> inputs, outputs;
  std::vector<Tensor> tensors;
  std::vector<TargetImage> targets;  // in the order in which they are tried
  std::vector<SkipPicture> pictures; // one for each input
};

/// The image as the runtime's own structs, with null kernel functions and backends and no embedded weights: what the load table
/// needs at build time (runtime/LoadTable.h, runtime/PackedFile.h). Holds pointers into `image`, which must outlive it
/// unchanged.
class ImageView {
public:
  explicit ImageView(const Image &image);
  ~ImageView();
  const SkipModelImage &get() const;

private:
  struct Storage;
  std::unique_ptr<Storage> storage;
};

} // namespace skip::codegen
