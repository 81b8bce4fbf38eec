// A layout says what its elements are stored as; f32 goes without saying.
// RUN: skip-opt %s | skip-opt | FileCheck %s

// CHECK: #plan.layout<blocked halo 1>, #plan.layout<winograd halo 1 tile 4 group 49 element bf16>, #plan.layout<vector element f16>
func.func private @layouts() attributes {layouts = [#plan.layout<blocked halo 1 element f32>,
  #plan.layout<winograd halo 1 tile 4 group 49 element bf16>, #plan.layout<vector element f16>]}
