// The points come in pairs +p and -p, so that most of the work is done once for both.
//
// With y = x^2, M(x) / (x - p) = x (x + p) Q(y), where Q is the product of (y - q^2) over the other pairs. So the rows of B^T
// for +p and -p are E + p O and E - p O, with E the sum of Q's coefficients times d2, d4, ... and O the same sum over d1, d3,
// ...; the rows for zero and infinity are the full product's coefficients times d0, d2, ... and d1, d3, .... Likewise A^T needs
// only x+ + x- and x+ - x- of each pair: even rows take even powers of p. F(4, 3): 12 operations forward, 12 backward.
//
// A single point z makes every other point's row that of the pairs times (x - z), which is the pairs' transform of d1 - z d0,
// d2 - z d1, ...; its own row is x times the pairs' product, their row of infinity. Its factors of +p and -p differ in A.
#include "codegen/x86/kernel/WinogradTransform.h"

#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradPoints.h"

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

Value kernel::winogradPoint(Builder &b, int64_t n, Value row) {
  WinogradPoints points = winogradPoints(n);
  Value point = b.splat(0.0f);
  for (int64_t i = 1; i < n - 1; ++i)
    point = select(b, b.equal(row, b.constant(i)), b.splat(float(points.at(i))), point);
  return point;
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

/// even + p odd and even - p odd: cores add beside multiplying, so a product and two additions cost less than two
/// multiply-adds.
static void appendPair(Builder &b, Values &results, double p, Value odd, Value even) {
  if (!odd || !even) {
    results.append({multiplyAdd(b, p, odd, even), multiplyAdd(b, -p, odd, even)});
    return;
  }
  Value scaled = multiplyAdd(b, p, odd, Value());
  results.push_back(sum(b, even, scaled));
  results.push_back(difference(b, even, scaled));
}

/// B^T d of the points without the single one.
static Values forwardOfPairs(Builder &b, const WinogradPoints &points, ValueRange d) {
  Coefficients all = productOfSquares(points);
  Values results = {everyOther(b, all, d, 0)};
  for (int i = 0; i < points.count; ++i) {
    Coefficients others = productOfSquares(points, i);
    Value even = everyOther(b, others, d, 2), odd = everyOther(b, others, d, 1);
    appendPair(b, results, points.pairs[i], odd, even);
  }
  results.push_back(everyOther(b, all, d, 1));
  return results;
}

Values kernel::winogradForward(Builder &b, ValueRange d) {
  WinogradPoints points = winogradPoints(int64_t(d.size()));
  if (points.single == 0)
    return forwardOfPairs(b, points, d);
  Values shifted;
  for (size_t k = 0; k + 1 < d.size(); ++k)
    shifted.push_back(multiplyAdd(b, -points.single, d[k], d[k + 1]));
  Values results = forwardOfPairs(b, points, shifted);
  results.insert(results.end() - 1, everyOther(b, productOfSquares(points), d, 1));
  return results;
}

/// 1 / M'(a) at the finite point a: the product of its distances from the others.
static double scaleAt(const WinogradPoints &points, int64_t n, double a) {
  double product = a == 0 ? 1 : a;
  for (int64_t i = 1; i < n - 1; ++i)
    if (points.at(i) != a)
      product *= a - points.at(i);
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
    appendPair(b, results, points.pairs[i], odd, even);
  }
  if (double p = points.single)
    results.push_back(multiplyAdd(b, p, everyOtherTap(b, g, 1, p), everyOtherTap(b, g, 0, p)));
  results.push_back(g.back());
  return results;
}

namespace {
/// What the rows of A^T take of a pair: its sum in even rows, its difference in odd ones, times `factor` p^row.
struct Pair {
  Value sum, difference;
  double factor;
};
} // namespace

static Pair pairOf(Builder &b, const WinogradPoints &points, int64_t n, double p, Value positive, Value negative) {
  double up = scaleAt(points, n, p), down = scaleAt(points, n, -p);
  if (up == down)
    return {sum(b, positive, negative), difference(b, positive, negative), up};
  Value scaled = multiplyAdd(b, down / up, negative, Value());
  return {sum(b, positive, scaled), difference(b, positive, scaled), up};
}

Values kernel::winogradBackward(Builder &b, int64_t m, ValueRange x) {
  int64_t n = int64_t(x.size());
  WinogradPoints points = winogradPoints(n);
  llvm::SmallVector<Pair, 3> pairs;
  for (int i = 0; i < points.count; ++i)
    pairs.push_back(pairOf(b, points, n, points.pairs[i], x[2 * i + 1], x[2 * i + 2]));
  Values results;
  for (int64_t row = 0; row < m; ++row) {
    Value total = row == 0 ? multiplyAdd(b, scaleAt(points, n, 0), x[0], Value()) : row == m - 1 ? x.back() : Value();
    for (auto [p, pair] : llvm::zip(points.pairs, pairs))
      total = multiplyAdd(b, std::pow(p, double(row)) * pair.factor, row % 2 ? pair.difference : pair.sum, total);
    if (double z = points.single)
      total = multiplyAdd(b, std::pow(z, double(row)) * scaleAt(points, n, z), x[n - 2], total);
    results.push_back(total);
  }
  return results;
}

Value kernel::scratchVectors(Builder &b, int64_t vectors) {
  mlir::Type pointer = mlir::LLVM::LLVMPointerType::get(b.op.getContext());
  return mlir::LLVM::AllocaOp::create(b.op, pointer, b.op.getF32Type(), b.constant(vectors * kLanes), /*alignment=*/64);
}
