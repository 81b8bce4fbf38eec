# Headers that nearly every file reads are compiled once: MLIR's take seconds to parse. docs/performance.md has the figures.
# A file includes what it uses all the same: the debug preset builds without them.
option(SKIP_PRECOMPILE "precompile headers that many files read" ON)

# skip_precompiled_headers(name headers...): a library of nothing but its headers, which others reuse.
function(skip_precompiled_headers name)
  file(WRITE ${CMAKE_BINARY_DIR}/${name}.cpp.new "")
  file(COPY_FILE ${CMAKE_BINARY_DIR}/${name}.cpp.new ${CMAKE_BINARY_DIR}/${name}.cpp ONLY_IF_DIFFERENT)
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/${name}.cpp)
  skip_own_headers(${name} ${ARGN})
endfunction()

# skip_own_headers(target headers...): precompiled for this target alone, among whose objects CMake counts them then.
function(skip_own_headers target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp") # ccache may bring an older file back
endfunction()

# skip_reuse_headers(name targets...): the targets read those of the library `name`.
function(skip_reuse_headers name)
  foreach(target ${ARGN})
    target_precompile_headers(${target} REUSE_FROM ${name})
  endforeach()
endfunction()

# What links MLIR gets its headers, every test Catch2's. Objects with MLIR's headers need MLIR's libraries, so the rest gets none. Headers
# of ours are added for rooms where nearly all files read them: a change of one compiles those files with or without.
# x86's emitters, few of which read the plan, share CUDA's: a header of their own would take longer than it saves.
function(skip_precompile)
  if(NOT SKIP_PRECOMPILE)
    return()
  endif()
  set(mlir <mlir/Dialect/Arith/IR/Arith.h> <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/SCF/IR/SCF.h> <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/DialectImplementation.h> <mlir/IR/OpImplementation.h> <mlir/Pass/PassManager.h> <llvm/Support/JSON.h>)
  set(plan ${mlir} <mlir/Pass/Pass.h> ${PROJECT_SOURCE_DIR}/ir/plan/Plan.h)
  skip_precompiled_headers(skip-mlir-headers ${mlir})
  skip_reuse_headers(skip-mlir-headers skip-frontend skip-graph-ir skip-graph-passes skip-import skip-plan-ir skip-running skip-text skip-training skip-tuning skip-weights)
  skip_precompiled_headers(skip-plan-headers ${plan})
  skip_reuse_headers(skip-plan-headers skip-codegen skip-compile skip-explaining skip-plan-passes skip-tuner skip-verifying)
  target_link_libraries(skip-plan-headers PRIVATE skip-plan-ir) # which generates some
  skip_precompiled_headers(skip-emitter-headers ${plan} <mlir/Dialect/LLVMIR/NVVMDialect.h>)
  target_link_libraries(skip-emitter-headers PRIVATE skip-plan-ir)
  skip_reuse_headers(skip-emitter-headers skip-kernel skip-nvptx skip-opt skip-x86)
  skip_precompiled_headers(skip-command-headers ${mlir} ${PROJECT_SOURCE_DIR}/tools/compile/Compile.h)
  target_link_libraries(skip-command-headers PRIVATE skip-compile)
  skip_reuse_headers(skip-command-headers skipc)
  skip_own_headers(skip-emulator-machine ${PROJECT_SOURCE_DIR}/emulator/machine/State.h)
  skip_own_headers(skip-emulator-driver ${PROJECT_SOURCE_DIR}/emulator/driver/State.h)
  skip_own_headers(skip-package ${PROJECT_SOURCE_DIR}/codegen/Image.h)

  skip_precompiled_headers(skip-test-headers <catch2/catch.hpp>)
  target_compile_options(skip-test-headers PRIVATE ${SKIP_TEST_OPTIONS})
  skip_reuse_headers(skip-test-headers skip-data-tests skip-emulator-driver-tests skip-package-tests skip-runtime-tests skip-runtime-cuda-tests skip-support-tests)
  skip_precompiled_headers(skip-mlir-test-headers ${mlir} <catch2/catch.hpp>)
  target_compile_options(skip-mlir-test-headers PRIVATE ${SKIP_TEST_OPTIONS})
  foreach(room frontend import ir kernel plan running text training tuning verifying weights)
    skip_reuse_headers(skip-mlir-test-headers skip-${room}-tests)
  endforeach()
  skip_own_headers(skip-emulator-tests ${PROJECT_SOURCE_DIR}/tests/unit/emulator/Device.h <catch2/catch.hpp>)
  skip_own_headers(skip-nvptx-tests ${mlir} ${PROJECT_SOURCE_DIR}/tests/unit/nvptx/Model.h)
endfunction()
