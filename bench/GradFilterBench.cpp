// How near gradients of filters come to the core's peak: those of CIFAR's ResNets, ResNet-18 and -50, one thread.
//
//   skip-grad-filter-bench [--isa=avx2|avx512] [--batch=N] [--only=TEXT] [--asm]
//   [--tile=BLOCKS,ROWS,SCALARS,OUT,IN,TILES,PIXELS] [--group=N]
//
// Of 3x3 and stride 1 also by Winograd, as the compiler chooses or with groups of N tiles of 4 x 4, in per cent of what the
// direct way multiplies.
#include "ir/plan/x86/FilterGradients.h"
#include "ir/plan/x86/Isa.h"
#include "tests/unit/kernel/Harness.h"
#include "tools/tuning/Peak.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>

using namespace skip;
using skip::testing::Activation;
using skip::testing::LoadedKernel;

namespace {
struct Problem {
  int64_t in, out, size; // channels, and dy's height and width
  int64_t kernel = 1, stride = 1;
  bool planar = false;

  std::string name() const {
    return fmt::format("{0}x{0}/{1} {2}->{3} @{4}{5}", kernel, stride, in, out, size, planar ? " planar" : "");
  }
};

struct Options {
  SkipIsa isa = skip::testing::hostTargets().back().isa;
  int64_t batch = 64;
  std::string only;
  bool printAsm = false;
  kernel::GradFilterTile tile{0, 0, 0}; // of no blocks: the compiler's
  kernel::GradFilterUnit unit;
  int64_t group = 0; // the compiler's
};
} // namespace

static std::vector<Problem> problems() {
  std::vector<Problem> list = {{3, 16, 32, 3, 1, true}, {3, 64, 112, 7, 2, true}};
  for (auto [channels, size] : {std::pair(16, 32), {32, 16}, {64, 16}, {64, 8}, {64, 56}, {128, 28}, {256, 14}, {512, 7}})
    list.push_back({channels, channels, size, 3});
  for (auto [in, size] : {std::pair(16, 16), {64, 28}, {256, 7}})
    list.push_back({in, 2 * in, size, 3, 2});
  for (auto [in, out, size] : {std::tuple(64, 256, 56), {256, 64, 56}, {512, 128, 28}, {512, 2048, 7}})
    list.push_back({in, out, size});
  return list;
}

/// Of the thread's own time: runs are long enough to be interrupted.
static double seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

static double bestSeconds(const std::function<void()> &work) {
  double best = 1e9, start = seconds();
  for (int run = 0; run < 5 || (run < 200 && seconds() - start < 0.3); ++run) {
    double begin = seconds();
    work();
    best = std::min(best, seconds() - begin);
  }
  return best;
}

static void report(const Problem &p, const Options &options, const x86::Target &target, double peak) {
  int64_t padding = p.kernel / 2;
  Activation dy({options.batch, p.out, p.size, p.size}),
      x({options.batch, p.in, p.size * p.stride, p.size * p.stride, padding, p.planar});
  kernel::GradFilterSpec spec{p.kernel, p.kernel, p.stride, p.planar, false, options.tile, options.unit};
  if (spec.tile.blocks == 0)
    chooseGradFilterTile(spec, dy.blocks, x.blocks, options.isa);
  if (options.printAsm) {
    std::puts(llvm::cantFail(x86::printKernel({"grad_filter", spec, target}, x86::Stage::Asm)).c_str());
    return;
  }
  std::mt19937 random(1);
  dy.randomize(random);
  x.randomize(random);
  LoadedKernel kernel(spec, target);
  std::vector<float> packed(dy.blocks * x.blocks * p.kernel * spec.scalarsOfRow() * 16 + 16);
  auto *aligned = reinterpret_cast<float *>((uintptr_t(packed.data()) + 63) & ~uintptr_t(63));
  std::vector<int64_t> params = {dy.blocks, x.blocks, spec.scalars(), options.batch, p.size,  p.size,
                                 dy.image,  dy.block, dy.row,         dy.pixel,      x.image, x.block,
                                 x.row,     x.pixel,  padding,        p.out,         p.in};
  double time = bestSeconds([&] { kernel.run({dy.origin(), x.origin(), aligned}, params); });
  double flops = 2.0 * double(options.batch * p.out * p.size * p.size * p.in * p.kernel * p.kernel);
  std::printf("%-28s tile %ld x %ld x %ld unit %2ld x %2ld x %ld, %3ld pixels  %7.1f GFLOP/s %5.1f %%\n", p.name().c_str(),
              spec.tile.blocks, spec.tile.rows, spec.tile.scalars, spec.unit.outBlocks, spec.unit.inBlocks, spec.unit.tiles,
              spec.unit.pixels, flops / time * 1e-9, 100 * flops / time / peak);
  std::fflush(stdout);
}

static void reportWinograd(const Problem &p, const Options &options, const x86::Target &target, double peak) {
  Activation dy({options.batch, p.out, p.size, p.size}), x({options.batch, p.in, p.size, p.size, 1});
  plan::FilterGradientAlgorithm how =
      plan::chooseFilterGradient({dy.blocks, x.blocks, p.size, p.size, options.batch}, p.out % 16 == 0);
  if (options.group)
    how = {4, options.group, how.parts};
  if (how.tile == 0)
    return;
  plan::FilterGradientUnit unit = plan::filterGradientUnit(dy.blocks, x.blocks, how.tile, how.group);
  kernel::WinogradGradFilterSpec spec{how.tile, how.group, unit.outBlocks, unit.inBlocks};
  chooseWinogradGradFilterTile(spec, options.isa);
  if (options.printAsm) {
    std::puts(llvm::cantFail(x86::printKernel({"grad_filter", spec, target}, x86::Stage::Asm)).c_str());
    return;
  }
  std::mt19937 random(1);
  dy.randomize(random);
  x.randomize(random);
  LoadedKernel kernel(spec, target);
  std::vector<float> gradients(how.parts * dy.blocks * x.blocks * 9 * 256 + 16);
  auto *aligned = reinterpret_cast<float *>((uintptr_t(gradients.data()) + 63) & ~uintptr_t(63));
  int64_t across = (p.size + how.tile - 1) / how.tile;
  std::vector<int64_t> params = {how.parts * dy.blocks,
                                 x.blocks,
                                 1,
                                 how.parts,
                                 dy.blocks,
                                 options.batch,
                                 across,
                                 across,
                                 p.size,
                                 p.size,
                                 dy.image,
                                 dy.block,
                                 dy.row,
                                 p.size,
                                 p.size,
                                 x.image,
                                 x.block,
                                 x.row,
                                 1,
                                 p.out,
                                 p.in};
  double time = bestSeconds([&] { kernel.run({dy.origin(), x.origin(), aligned}, params); });
  double flops = 2.0 * double(options.batch * p.out * p.size * p.size * p.in * 9);
  double cycles = predictedCycles({dy.blocks, x.blocks, p.size, p.size, options.batch}, how, 1);
  std::printf(
      "%-28s winograd %ld / %ld unit %2ld x %2ld, %2ld parts, sums %ld x %ld  %7.1f GFLOP/s %5.1f %%, predicted %5.1f %%\n",
      p.name().c_str(), how.tile, how.group, unit.outBlocks, unit.inBlocks, how.parts, spec.sumBlocks, spec.sumScalars,
      flops / time * 1e-9, 100 * flops / time / peak, 100 * flops / 64 / cycles);
  std::fflush(stdout);
}

int main(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--isa=avx2")
      options.isa = SKIP_ISA_AVX2;
    else if (argument.starts_with("--batch="))
      options.batch = std::atol(argv[i] + 8);
    else if (argument.starts_with("--only="))
      options.only = argument.substr(7);
    else if (argument == "--asm")
      options.printAsm = true;
    else if (argument.starts_with("--tile="))
      std::sscanf(argv[i] + 7, "%ld,%ld,%ld,%ld,%ld,%ld,%ld", &options.tile.blocks, &options.tile.rows, &options.tile.scalars,
                  &options.unit.outBlocks, &options.unit.inBlocks, &options.unit.tiles, &options.unit.pixels);
    else if (argument.starts_with("--group="))
      options.group = std::atol(argv[i] + 8);
    else if (argument != "--isa=avx512")
      return std::fprintf(stderr, "unknown argument `%s`\n", argv[i]), 2;
  }
  x86::Target target{options.isa, "", ""};
  double peak = tool::Peak::measure(*tool::bodyNamed(plan::isaName(options.isa)), 1).flopsPerSecond;
  std::printf("peak of one core: %.1f GFLOP/s\n", peak * 1e-9);
  for (const Problem &problem : problems()) {
    if (problem.name().find(options.only) == std::string::npos)
      continue;
    report(problem, options, target, peak);
    if (problem.kernel == 3 && problem.stride == 1 && !problem.planar)
      reportWinograd(problem, options, target, peak);
  }
}
