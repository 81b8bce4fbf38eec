// One axis: the largest over taps k and outputs i of the sum over points a of |A[a, i]| |G[a, k]| b(a), b(a) being the sum of
// the absolute coefficients of a's row of B^T, as the transform factors it (codegen/x86/kernel/WinogradTransform.cpp). Two
// axes: the square.
#include "tools/verifying/WinogradGrowth.h"

#include "codegen/x86/kernel/WinogradPoints.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace skip;

/// The finite points.
static std::vector<double> pointsOf(const kernel::WinogradPoints &points) {
  std::vector<double> finite = {0};
  for (int pair = 0; pair < points.count; ++pair)
    finite.insert(finite.end(), {points.pairs[pair], -points.pairs[pair]});
  if (points.single != 0)
    finite.push_back(points.single);
  return finite;
}

/// The sum of the absolute coefficients of the product of (x - b) over all finite points b but `a`; pairs are factors
/// (x^2 - p^2), so that of a pair's point the other one is left.
static double rowSum(const kernel::WinogradPoints &points, double a) {
  double sum = points.single != 0 && a != points.single ? 1 + points.single : 1;
  for (int pair = 0; pair < points.count; ++pair) {
    double p = points.pairs[pair];
    sum *= std::abs(a) == p ? 1 + p : 1 + p * p;
  }
  return sum;
}

/// M'(a): the product of the distances from all other finite points.
static double derivative(const std::vector<double> &finite, double a) {
  double product = 1;
  for (double b : finite)
    product *= a == b ? 1 : std::abs(a - b);
  return product;
}

double tool::winogradGrowth(int64_t tile, int64_t taps) {
  kernel::WinogradPoints points = kernel::winogradPoints(tile + taps - 1);
  std::vector<double> finite = pointsOf(points);
  double largest = 0;
  for (int64_t i = 0; i < tile; ++i)
    for (int64_t k = 0; k < taps; ++k) {
      double sum = i == tile - 1 && k == taps - 1 ? rowSum(points, 0) : 0; // infinity's row: as zero's, one place on
      for (double a : finite)
        sum += std::pow(std::abs(a), double(i + k)) / derivative(finite, a) * rowSum(points, a);
      largest = std::max(largest, sum);
    }
  return largest * largest;
}
