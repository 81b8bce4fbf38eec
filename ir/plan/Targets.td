// The targets: a line for each.
include "ir/plan/cuda/CudaAttrs.td"
include "ir/plan/x86/X86Attrs.td"
