// How near the direct convolutions come to the core's peak: every convolution of ResNet-18 and -50 and of CIFAR's ResNets, one
// thread, batch 1 where not said otherwise, buffers as hot as their size allows.
//
//   skip-conv-bench [--isa=avx2|avx512] [--native] [--only=TEXT] [--print=kernel|llvm|asm]
//   [--schedule=BLOCKS,ROWS,COLUMNS[,TAIL...][/UNIT]]...
//
// Without a schedule each shape is measured with the one that the compiler would take; several schedules are compared.
// With --print a stage of each kernel is printed instead.
#include "bench/Timing.h"
#include "ir/plan/x86/Isa.h"
#include "ir/plan/x86/Strassen.h"
#include "runtime/Balance.h"
#include "tests/unit/kernel/Harness.h"
#include "tools/tuning/Peak.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace skip;
using skip::testing::Activation;
using skip::testing::LoadedKernel;

namespace {

struct Problem {
  std::string name;
  int64_t in, out, size; // channels, and the output's height and width
  int64_t kernel = 1, stride = 1, images = 1;
  bool planar = false, linear = false;
};

struct Options {
  SkipIsa isa = SKIP_ISA_AVX512;
  bool native = false;
  std::string print; // a stage, or empty: measure
  std::string only;
  std::vector<plan::ConvSchedule> schedules;
};

} // namespace

static std::vector<Problem> problems() {
  std::vector<Problem> list;
  auto conv = [&](int64_t kernel, int64_t in, int64_t out, int64_t size, int64_t stride) {
    std::string step = stride == 1 ? "" : fmt::format("/{}", stride);
    list.push_back({fmt::format("{0}x{0}{1} {2}->{3} @{4}", kernel, step, in, out, size), in, out, size, kernel, stride});
  };
  list.push_back({"7x7/2 3->64 @112 planar", 3, 64, 112, 7, 2, 1, true});
  for (auto [channels, size] : {std::pair(64, 56), {128, 28}, {256, 14}, {512, 7}})
    conv(3, channels, channels, size, 1);
  for (auto [in, size] : {std::pair(64, 28), {128, 14}, {256, 7}})
    conv(3, in, 2 * in, size, 2);
  for (auto [channels, size] : {std::pair(128, 28), {256, 14}, {512, 7}})
    conv(3, channels, channels, size, 2);
  conv(1, 64, 64, 56, 1);
  for (auto [narrow, size] : {std::pair(64, 56), {128, 28}, {256, 14}, {512, 7}}) {
    conv(1, narrow, 4 * narrow, size, 1);
    conv(1, 4 * narrow, narrow, size, 1);
  }
  for (auto [in, size] : {std::pair(256, 28), {512, 14}, {1024, 7}})
    conv(1, in, 2 * in, size, 2);
  for (auto [in, size] : {std::pair(64, 28), {128, 14}, {256, 7}})
    conv(1, in, 2 * in, size, 2);
  list.push_back({"linear 2048->1000", 2048, 1000, 1, 1, 1, 1, false, true});
  list.push_back({"linear 2048->1000, 16 images", 2048, 1000, 1, 1, 1, 16, false, true});
  list.push_back({"3x3 3->16 @32 planar", 3, 16, 32, 3, 1, 1, true});
  for (auto [channels, size] : {std::pair(16, 32), {32, 16}, {64, 8}})
    conv(3, channels, channels, size, 1);
  return list;
}

static double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

static plan::ConvShape shapeOf(const Problem &p) {
  plan::ConvShape shape;
  shape.ocBlocks = (p.out + 15) / 16;
  shape.inChannels = p.in;
  shape.kernelHeight = shape.kernelWidth = p.kernel;
  shape.stride = p.stride;
  shape.outHeight = p.linear ? 1 : p.size;
  shape.outWidth = p.linear ? p.images : p.size;
  shape.images = p.images;
  shape.planarInput = p.planar;
  shape.imagesAreColumns = p.linear;
  shape.roots = {{p.kernel, p.kernel, p.stride, (p.in + 15) / 16, p.planar}};
  return shape;
}

static double flops(const Problem &p) { return 2.0 * p.images * p.out * p.size * p.size * p.in * p.kernel * p.kernel; }

static std::vector<int64_t> paramsOf(const Problem &p, const Activation &x, const Activation &y, int64_t padding) {
  int64_t n = p.images;
  if (p.linear)
    return {1, y.blocks, 1, n, y.image, y.block, y.row, y.image, 0, x.blocks, x.image, x.block, x.row, x.image, 0};
  return {n,        y.blocks, p.size,  p.size, y.image, y.block, y.row, y.pixel, y.shape.halo,
          x.blocks, x.image,  x.block, x.row,  x.pixel, padding};
}

struct Measurement {
  double gflops, compileSeconds;
  size_t objectBytes;
};

static kernel::ConvSpec specOf(const Problem &p, const plan::ConvSchedule &schedule) {
  kernel::ConvSpec spec;
  spec.roots = {{p.kernel, p.kernel, p.stride, p.planar}};
  spec.bias = true;
  spec.epilogue = {kernel::EpilogueOp::Relu};
  spec.imagesAreColumns = p.linear;
  spec.schedule = schedule;
  if (schedule.unitBlocks > 0)
    spec.strassen = plan::strassenUnit(schedule, shapeOf(p));
  return spec;
}

static Measurement measure(const Problem &p, const plan::ConvSchedule &schedule, const x86::Target &target) {
  double start = seconds();
  LoadedKernel kernel(specOf(p, schedule), target);
  double compileSeconds = seconds() - start;

  std::mt19937 random(1);
  int64_t padding = p.kernel / 2;
  Activation x({p.images, p.in, p.size * p.stride, p.size * p.stride, padding, p.planar});
  Activation y({p.images, p.out, p.size, p.size, p.kernel / 2});
  x.randomize(random);
  y.randomize(random);
  size_t depth = p.planar ? p.in : (p.in + 15) / 16 * 16;
  size_t factors = runtime::balanceFloats(y.blocks, depth / 16); // of a Strassen kernel
  size_t filter = y.blocks * 16 * depth * p.kernel * p.kernel;
  std::vector<float> weights(filter + 16 + factors, 1.0f), bias(y.blocks * 16 + 16, 0.5f);
  auto aligned = [](float *data) { return (float *)((uintptr_t(data) + 63) & ~uintptr_t(63)); };
  std::fill_n(aligned(weights.data()), filter, 0.01f);
  aligned(weights.data())[filter + runtime::unlikeFlag(y.blocks, depth / 16)] = 0; // sums may be taken
  std::vector<void *> operands = {x.origin(), aligned(weights.data()), aligned(bias.data()), y.origin()};
  std::vector<int64_t> params = paramsOf(p, x, y, padding);
  double time = bench::bestSeconds([&] { kernel.run(operands, params); });
  return {flops(p) / time * 1e-9, compileSeconds, kernel.objectBytes()};
}

static std::string toString(const plan::ConvSchedule &s) {
  std::string tails = s.tails.empty() ? "" : fmt::format("+{}", fmt::join(s.tails, ","));
  std::string unit = s.unitBlocks > 0 ? fmt::format("/{}", s.unitBlocks) : "";
  return fmt::format("{}x{}x{}{}{}", s.ocBlocks, s.rows, s.columns, tails, unit);
}

static x86::Stage stageOf(const std::string &name) {
  return name == "kernel" ? x86::Stage::Kernel : name == "llvm" ? x86::Stage::Llvm : x86::Stage::Asm;
}

static void report(const Problem &p, const Options &options, const x86::Target &target, double peak) {
  plan::ConvShape shape = shapeOf(p);
  std::vector<plan::ConvSchedule> schedules = options.schedules;
  if (schedules.empty())
    schedules = {plan::convSchedules(shape, options.isa).front()};
  for (const plan::ConvSchedule &schedule : schedules) {
    if (!plan::isLegal(schedule, shape, options.isa))
      continue;
    if (!options.print.empty()) {
      x86::Job job{"conv", specOf(p, schedule), target};
      std::puts(llvm::cantFail(x86::printKernel(job, stageOf(options.print))).c_str());
      continue;
    }
    Measurement m = measure(p, schedule, target);
    std::printf("%-30s %-16s %7.1f GFLOP/s %5.1f %%   compiled in %3.0f ms to %5.1f KB\n", p.name.c_str(),
                toString(schedule).c_str(), m.gflops, 100 * m.gflops / peak, 1e3 * m.compileSeconds, m.objectBytes / 1024.0);
    std::fflush(stdout);
  }
}

static plan::ConvSchedule parseSchedule(const char *text) {
  plan::ConvSchedule schedule;
  std::vector<int64_t> numbers;
  for (char *end = nullptr; *text && *text != '/'; text = *end == ',' ? end + 1 : end)
    numbers.push_back(std::strtoll(text, &end, 10));
  if (*text == '/')
    schedule.unitBlocks = std::strtoll(text + 1, nullptr, 10);
  numbers.resize(std::max<size_t>(numbers.size(), 3), 1);
  schedule.ocBlocks = numbers[0];
  schedule.rows = numbers[1];
  schedule.columns = numbers[2];
  schedule.tails.assign(numbers.begin() + 3, numbers.end());
  return schedule;
}

int main(int argc, char **argv) {
  Options options;
  options.isa = skip::testing::hostTargets().back().isa;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--isa=avx2")
      options.isa = SKIP_ISA_AVX2;
    else if (argument == "--isa=avx512")
      options.isa = SKIP_ISA_AVX512;
    else if (argument == "--native")
      options.native = true;
    else if (argument.rfind("--print=", 0) == 0)
      options.print = argument.substr(8);
    else if (argument.rfind("--only=", 0) == 0)
      options.only = argument.substr(7);
    else if (argument.rfind("--schedule=", 0) == 0)
      options.schedules.push_back(parseSchedule(argv[i] + 11));
    else
      return std::fprintf(stderr, "unknown argument `%s`\n", argv[i]), 2;
  }
  x86::Target target{options.isa, "", ""};
  if (options.native)
    target = *x86::nativeTarget();
  double peak = tool::Peak::measure(*tool::bodyNamed(plan::isaName(options.isa)), 1).flopsPerSecond * 1e-9;
  if (options.print.empty())
    std::printf("peak %.1f GFLOP/s a core (%s)\n", peak, skip::testing::nameOf(options.isa));
  for (const Problem &problem : problems())
    if (problem.name.find(options.only) != std::string::npos)
      report(problem, options, target, peak);
}
