# The files behind RuntimeObject.h; CMake gives their paths.
.macro carry name, path
  .globl \name\()Begin, \name\()End
  .hidden \name\()Begin, \name\()End
  .p2align 4
\name\()Begin:
  .incbin "\path"
\name\()End:
  .byte 0
.endm

  .section .rodata
  carry skipRuntimeObject, SKIP_RUNTIME_OBJECT
  carry skipRuntimeCudaObject, SKIP_RUNTIME_CUDA_OBJECT
  carry skipRuntimeTrainingObject, SKIP_RUNTIME_TRAINING_OBJECT
  carry skipRuntimeHeader, SKIP_RUNTIME_HEADER
  carry skipTrainingHeader, SKIP_TRAINING_HEADER
  carry skipCppHeader, SKIP_CPP_HEADER
  carry skipExecutableMain, SKIP_EXECUTABLE_MAIN
  .section .note.GNU-stack,"",@progbits
