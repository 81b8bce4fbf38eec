# Headers that nearly every file reads are compiled once: MLIR's take seconds to parse. docs/performance.md has the figures.
# A file includes what it uses all the same: the debug preset builds without them.
option(SKIP_PRECOMPILE "precompile MLIR's headers and Catch2's" ON)

# skip_precompiled_headers(name headers...): a library of nothing but its headers, which others reuse.
function(skip_precompiled_headers name)
  file(WRITE ${CMAKE_BINARY_DIR}/${name}.cpp.new "")
  file(COPY_FILE ${CMAKE_BINARY_DIR}/${name}.cpp.new ${CMAKE_BINARY_DIR}/${name}.cpp ONLY_IF_DIFFERENT)
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/${name}.cpp)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp") # ccache may bring an older file back
endfunction()

# What links MLIR gets its headers, every test Catch2's. Objects with MLIR's headers need MLIR's libraries, so the rest gets none.
function(skip_precompile)
  if(NOT SKIP_PRECOMPILE)
    return()
  endif()
  set(mlir <mlir/Dialect/Arith/IR/Arith.h> <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/SCF/IR/SCF.h> <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/DialectImplementation.h> <mlir/IR/OpImplementation.h> <mlir/Pass/PassManager.h> <llvm/Support/JSON.h>)
  skip_precompiled_headers(skip-mlir-headers ${mlir})
  foreach(target compile codegen explaining frontend graph-ir graph-passes import kernel nvptx opt plan-ir plan-passes running text training tuner tuning verifying weights x86)
    target_precompile_headers(skip-${target} REUSE_FROM skip-mlir-headers)
  endforeach()
  target_precompile_headers(skipc REUSE_FROM skip-mlir-headers)

  skip_precompiled_headers(skip-test-headers <catch2/catch.hpp>)
  target_compile_options(skip-test-headers PRIVATE ${SKIP_TEST_OPTIONS})
  foreach(room data emulator-driver package runtime runtime-cuda support)
    target_precompile_headers(skip-${room}-tests REUSE_FROM skip-test-headers)
  endforeach()
  skip_precompiled_headers(skip-mlir-test-headers ${mlir} <catch2/catch.hpp>)
  target_compile_options(skip-mlir-test-headers PRIVATE ${SKIP_TEST_OPTIONS})
  foreach(room frontend import ir kernel plan running text training tuning verifying weights)
    target_precompile_headers(skip-${room}-tests REUSE_FROM skip-mlir-test-headers)
  endforeach()
endfunction()
