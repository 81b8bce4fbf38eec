// RUN: skip-opt --plan-split-variants=batches=1,8 %s | FileCheck %s

// CHECK: func.func @net_b1({{.*}}) -> tensor<?x3xf32> attributes {plan.batch = 1 : i64}
// CHECK: func.func @net_b8({{.*}}) -> tensor<?x3xf32> attributes {plan.batch = 8 : i64}
// CHECK-NOT: func.func @net(
func.func @net(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}
