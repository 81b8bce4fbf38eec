// The points come in pairs +p and -p, so that most of the work is done once for both.
//
// With y = x^2, M(x) / (x - p) = x (x + p) Q(y), where Q is the product of (y - q^2) over the other pairs. So the rows of B^T
// for +p and -p are E + p O and E - p O, with E the sum of Q's coefficients times d2, d4, ... and O the same sum over d1, d3,
// ...; the rows for zero and infinity are the full product's coefficients times d0, d2, ... and d1, d3, .... Likewise A^T needs
// only x+ + x- and x+ - x- of each pair: even rows take even powers of p. F(4, 3): 12 operations forward, 12 backward.
#include "codegen/kernel/WinogradTransform.h"

#include "codegen/kernel/WinogradPoints.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

namespace arith = mlir::arith;
using namespace skip;
using namespace skip::kernel;

using Coefficients = llvm::SmallVector<double, 4>;

static Value sum(Builder &b, Value x, Value y) { return arith::AddFOp::create(b.op, x, y); }
static Value difference(Builder &b, Value x, Value y) { return arith::SubFOp::create(b.op, x, y); }

/// factor * x + y; null values are zeros.
static Value multiplyAdd(Builder &b, double factor, Value x, Value y) {
  if (!x)
    return y;
  if (!y)
    return factor == 1 ? x : Value(arith::MulFOp::create(b.op, b.splat(float(factor)), x));
  if (factor == 1)
    return sum(b, x, y);
  return factor == -1 ? difference(b, y, x) : b.fma(b.splat(float(factor)), x, y);
}

Value kernel::winogradMultiplyAdd(Builder &b, Value factor, Value x, Value y) {
  if (!x || !y)
    return x ? Value(arith::MulFOp::create(b.op, factor, x)) : y;
  return b.fma(factor, x, y);
}

/// The product of (y - q^2) over all pairs but `skipped`, its coefficients from y^0 up.
static Coefficients productOfSquares(const WinogradPoints &points, int skipped = -1) {
  Coefficients product = {1};
  for (int i = 0; i < points.count; ++i) {
    if (i == skipped)
      continue;
    double square = points.pairs[i] * points.pairs[i];
    product.push_back(0);
    for (size_t k = product.size() - 1; k > 0; --k)
      product[k] = product[k - 1] - square * product[k];
    product[0] *= -square;
  }
  return product;
}

/// The coefficients (the last is 1) times every other input from `first` on.
static Value everyOther(Builder &b, const Coefficients &coefficients, ValueRange d, int64_t first) {
  Value total = d[first + 2 * (coefficients.size() - 1)];
  for (int64_t k = int64_t(coefficients.size()) - 2; k >= 0; --k)
    total = multiplyAdd(b, coefficients[k], d[first + 2 * k], total);
  return total;
}

Values kernel::winogradForward(Builder &b, ValueRange d) {
  WinogradPoints points = winogradPoints(int64_t(d.size()));
  Coefficients all = productOfSquares(points);
  Values results = {everyOther(b, all, d, 0)};
  for (int i = 0; i < points.count; ++i) {
    Coefficients others = productOfSquares(points, i);
    Value even = everyOther(b, others, d, 2), odd = everyOther(b, others, d, 1);
    results.push_back(multiplyAdd(b, points.pairs[i], odd, even));
    results.push_back(multiplyAdd(b, -points.pairs[i], odd, even));
  }
  results.push_back(everyOther(b, all, d, 1));
  return results;
}

/// 1 / M'(a) at the finite point a, which is zero or one of a pair (M' is even at pairs): the product of its distances from the
/// others.
static double scaleAt(const WinogradPoints &points, double a) {
  double product = a == 0 ? 1 : 2 * a * a; // a - 0 and a - (-a)
  for (int i = 0; i < points.count; ++i)
    if (points.pairs[i] != a)
      product *= (a - points.pairs[i]) * (a + points.pairs[i]);
  return 1 / product;
}

/// g[first] + p^2 g[first + 2] + ...
static Value everyOtherTap(Builder &b, ValueRange g, size_t first, double p) {
  Value total;
  for (size_t tap = first; tap < g.size(); tap += 2)
    total = multiplyAdd(b, std::pow(p, double(tap - first)), g[tap], total);
  return total;
}

Values kernel::winogradFilter(Builder &b, int64_t n, ValueRange g) {
  WinogradPoints points = winogradPoints(n);
  Values results = {g.front()};
  for (int i = 0; i < points.count; ++i) {
    Value even = everyOtherTap(b, g, 0, points.pairs[i]), odd = everyOtherTap(b, g, 1, points.pairs[i]);
    results.push_back(multiplyAdd(b, points.pairs[i], odd, even));
    results.push_back(multiplyAdd(b, -points.pairs[i], odd, even));
  }
  results.push_back(g.back());
  return results;
}

Values kernel::winogradBackward(Builder &b, int64_t m, ValueRange x) {
  WinogradPoints points = winogradPoints(int64_t(x.size()));
  Values sums, differences;
  for (int i = 0; i < points.count; ++i) {
    sums.push_back(sum(b, x[2 * i + 1], x[2 * i + 2]));
    differences.push_back(difference(b, x[2 * i + 1], x[2 * i + 2]));
  }
  Values results;
  for (int64_t row = 0; row < m; ++row) {
    Value total = row == 0 ? multiplyAdd(b, scaleAt(points, 0), x[0], Value()) : row == m - 1 ? x.back() : Value();
    for (int i = 0; i < points.count; ++i) {
      double p = points.pairs[i], factor = std::pow(p, double(row)) * scaleAt(points, p);
      total = multiplyAdd(b, factor, row % 2 ? differences[i] : sums[i], total);
    }
    results.push_back(total);
  }
  return results;
}

Value kernel::scratchVectors(Builder &b, int64_t vectors) {
  mlir::Type pointer = mlir::LLVM::LLVMPointerType::get(b.op.getContext());
  return mlir::LLVM::AllocaOp::create(b.op, pointer, b.op.getF32Type(), b.constant(vectors * kLanes), /*alignment=*/64);
}
