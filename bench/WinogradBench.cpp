// How much faster than any direct convolution the Winograd kernels are: both steps together against a direct convolution that
// ran at 100 % of the core's peak, one thread, buffers as hot as their size allows.
//
//   skip-winograd-bench [--isa=avx2|avx512] [--only=TEXT] [--print=kernel|llvm|asm] [--m=M] [--group=G]
//   [--tile=BLOCKS,COLUMNS[,TAIL...]] [--rows=R]
//
// Prints for each shape the choices of tile size, group and register tile, the best of them marked; the arguments fix one of
// these.
#include "bench/Timing.h"
#include "ir/plan/x86/Isa.h"
#include "tests/unit/kernel/WinogradCase.h"
#include "tools/tuning/Peak.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

using namespace skip;
using namespace skip::testing;

namespace {

struct Options {
  SkipIsa isa = SKIP_ISA_AVX512;
  std::string print, only;
  int64_t tile = 0, group = 0;    // 0: all
  int64_t rows = 1;               // positions in registers at a time, where the tile is given
  std::vector<int64_t> registers; // blocks, columns, tails
};

struct Measurement {
  WinogradChoice choice;
  double inputSeconds, convSeconds;

  double total() const { return inputSeconds + convSeconds; }
};

} // namespace

static std::vector<WinogradCaseShape> shapes() {
  std::vector<WinogradCaseShape> list;
  for (int64_t images : {1, 4, 16})
    for (int64_t stride : {1, 2})
      for (auto [channels, size] : {std::pair(64, 56), {128, 28}, {256, 14}, {512, 7}})
        list.push_back({.images = images,
                        .inChannels = channels,
                        .outChannels = channels,
                        .height = size,
                        .width = size,
                        .taps = {3, stride},
                        .halo = 1,
                        .bias = true,
                        .epilogue = {kernel::EpilogueOp::Relu}});
  return list;
}

static std::string nameOf(const WinogradCaseShape &s) {
  return fmt::format("{}->{} @{}, stride {}, {} image{}", s.inChannels, s.outChannels, s.height, s.taps.stride, s.images,
                     s.images == 1 ? "" : "s");
}

static std::string toString(const WinogradChoice &c) {
  const plan::ConvSchedule &s = c.schedule;
  std::string tails = s.tails.empty() ? "" : fmt::format("+{}", fmt::join(s.tails, ","));
  return fmt::format("F({}) group {:2} tile {}x{}x{}{}", c.tile, c.group, s.ocBlocks, s.rows, s.columns, tails);
}

/// Register tiles for a group: whole groups or halves in as many output blocks as fit.
static std::vector<plan::ConvSchedule> schedulesFor(int64_t group, SkipIsa isa) {
  std::vector<plan::ConvSchedule> list;
  for (int64_t columns = 1; columns <= group; ++columns)
    for (int64_t blocks : {4, 2, 1}) {
      plan::ConvSchedule schedule{blocks, 1, columns, {}};
      if (int64_t rest = group % columns)
        schedule.tails = {rest};
      int64_t vectors = blocks * columns * (isa == SKIP_ISA_AVX512 ? 1 : 2), most = isa == SKIP_ISA_AVX512 ? 28 : 12;
      if (plan::fitsRegisters(schedule, isa) && vectors >= most / 2 &&
          (schedule.tails.empty() || schedule.tails[0] * 3 >= columns * 2))
        list.push_back(schedule);
    }
  return list;
}

static std::vector<WinogradChoice> choicesFor(const Options &options) {
  std::vector<WinogradChoice> list;
  for (int64_t tile : {2, 3, 4, 5, 6, 7})
    for (int64_t group : {1, 4, 7, 8, 9, 12, 14, 16, 18, 20, 25, 28, 36, 49}) {
      if ((options.tile && tile != options.tile) || (options.group && options.group != group))
        continue;
      if (options.registers.empty()) {
        for (const plan::ConvSchedule &schedule : schedulesFor(group, options.isa))
          list.push_back({tile, group, schedule});
        continue;
      }
      plan::ConvSchedule schedule{options.registers[0], options.rows, options.registers[1], {}};
      schedule.tails.assign(options.registers.begin() + 2, options.registers.end());
      if (plan::covers(schedule, group))
        list.push_back({tile, group, schedule});
    }
  return list;
}

static Measurement measure(WinogradCase &test, const WinogradCaseShape &shape, const WinogradChoice &choice, SkipIsa isa) {
  LoadedKernel input(WinogradCase::inputSpec(shape, choice), {isa, "", ""});
  LoadedKernel conv(WinogradCase::convSpec(shape, choice), {isa, "", ""});
  WinogradCase::Buffers buffers = test.buffers(choice);
  Measurement m{choice, 0, 0};
  // Timed one after the other as they run, so that each finds the caches as the other left them.
  m.inputSeconds = bench::bestSeconds([&] { test.runInput(input, choice, buffers); });
  double both = bench::bestSeconds([&] {
    test.runInput(input, choice, buffers);
    test.runConv(conv, choice, buffers);
  });
  m.convSeconds = both - m.inputSeconds;
  return m;
}

static void report(const WinogradCaseShape &shape, const Options &options, double peak) {
  double flops = 2.0 * shape.images * shape.outChannels * shape.height * shape.width * shape.inChannels * 9;
  double direct = flops / (peak * 1e9);
  WinogradCase test(shape);
  std::printf("%s: direct at peak %.3f ms\n", nameOf(shape).c_str(), 1e3 * direct);
  Measurement best{{}, 1e9, 0};
  for (const WinogradChoice &choice : choicesFor(options)) {
    if ((shape.outChannels / 16) % choice.schedule.ocBlocks != 0 || shape.taps.points(choice.tile) > 8)
      continue;
    Measurement m = measure(test, shape, choice, options.isa);
    int64_t across = (shape.height + choice.tile - 1) / choice.tile, tiles = shape.images * across * across;
    int64_t columns = (tiles + choice.group - 1) / choice.group * choice.group,
            tileProducts = plan::winogradTileProducts(shape.taps, shape.inChannels, choice.tile);
    double products = 2.0 * columns * tileProducts * shape.inChannels * shape.outChannels;
    std::printf("  %-28s %5.2fx  input %4.1f %%  products and back at %5.1f %% of peak\n", toString(choice).c_str(),
                direct / m.total(), 100 * m.inputSeconds / m.total(), 100 * products / (peak * 1e9) / m.convSeconds);
    std::fflush(stdout);
    if (m.total() < best.total())
      best = m;
  }
  std::printf("  best: %s  %.2fx\n", toString(best.choice).c_str(), direct / best.total());
}

static void print(const Options &options) {
  auto stage = options.print == "kernel" ? x86::Stage::Kernel : options.print == "llvm" ? x86::Stage::Llvm : x86::Stage::Asm;
  for (const WinogradChoice &choice : choicesFor(options)) {
    x86::Target target{options.isa, "", ""};
    std::puts(llvm::cantFail(x86::printKernel({"winograd_input", WinogradCase::inputSpec(shapes()[0], choice), target}, stage))
                  .c_str());
    std::puts(llvm::cantFail(x86::printKernel({"winograd_conv", WinogradCase::convSpec(shapes()[0], choice), target}, stage))
                  .c_str());
  }
}

static std::vector<int64_t> numbersOf(const char *text) {
  std::vector<int64_t> numbers;
  for (char *end = nullptr; *text; text = *end ? end + 1 : end)
    numbers.push_back(std::strtoll(text, &end, 10));
  return numbers;
}

int main(int argc, char **argv) {
  Options options;
  options.isa = hostTargets().back().isa;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i], name = argument.substr(0, argument.find('=') + 1), value = argument.substr(name.size());
    if (argument == "--isa=avx2")
      options.isa = SKIP_ISA_AVX2;
    else if (argument == "--isa=avx512")
      options.isa = SKIP_ISA_AVX512;
    else if (name == "--print=")
      options.print = value;
    else if (name == "--only=")
      options.only = value;
    else if (name == "--m=")
      options.tile = std::atoi(value.c_str());
    else if (name == "--group=")
      options.group = std::atoi(value.c_str());
    else if (name == "--rows=")
      options.rows = std::atoi(value.c_str());
    else if (name == "--tile=" && numbersOf(value.c_str()).size() >= 2)
      options.registers = numbersOf(value.c_str());
    else
      return std::fprintf(stderr, "unknown argument `%s`\n", argv[i]), 2;
  }
  if (!options.print.empty())
    return print(options), 0;
  double peak = tool::Peak::measure(*tool::bodyNamed(plan::isaName(options.isa)), 1).flopsPerSecond * 1e-9;
  std::printf("peak %.1f GFLOP/s a core (%s)\n", peak, skip::testing::nameOf(options.isa));
  for (const WinogradCaseShape &shape : shapes())
    if (nameOf(shape).find(options.only) != std::string::npos)
      report(shape, options, peak);
}
