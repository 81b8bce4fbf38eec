// What is taken for one kernel has one code. Pairs of specifications that differ in one member are drawn, for every family and
// every member of it, on both ISAs: were a member left out of the comparison, a pair would be equal and its code not.
//
// Structured bindings name the members of a family: a new one does not compile before it is drawn here. Values are drawn
// freely, and again until the emitters can do with the whole (isSound).
#include "tests/unit/kernel/FamilyMembers.h"

#include "codegen/x86/EmitObject.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <random>
#include <type_traits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

static constexpr int kPairs = 4; // for each member and ISA

static bool isStrassen(const ConvSpec &spec) { return spec.schedule.unitBlocks > 0; }

/// Of a point only the stride is free.
static Members membersOf(ConvRoot &root, bool isPoint, Draw &d) {
  auto &[kernelHeight, kernelWidth, stride, planarInput] = root;
  Members members = {{"stride", [&] { return set(stride, d.between(1, 2)); }}};
  if (!isPoint)
    members.insert(members.end(), {{"kernelHeight", [&] { return set(kernelHeight, d.between(1, 2)); }},
                                   {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 2)); }},
                                   {"planarInput", [&] { return set(planarInput, d.coin()); }}});
  return members;
}

/// A direct convolution stays one, and one of Strassen's too.
static Members membersOf(ConvSpec &spec, Draw &d) {
  auto &[roots, bias, epilogue, lastLanes, imagesAreColumns, schedule, unit] = spec;
  auto &[ocBlocks, rows, columns, tails, unitBlocks] = schedule;
  auto &[tiles, chunkBlocks, chunks, strided] = unit;
  auto membersOfRoot = [&](ConvRoot &root) { return membersOf(root, isStrassen(spec), d); };
  auto drawRoots = [&, membersOfRoot] {
    size_t before = roots.size();
    roots.assign(d.between(1, 2), {});
    for (ConvRoot &root : roots)
      for (const Member &member : membersOfRoot(root))
        member.draw();
    return roots.size() != before;
  };
  Members members = {{"roots", drawRoots},
                     {"bias", [&] { return set(bias, d.coin()); }},
                     {"epilogue", [&] { return set(epilogue, d.epilogue()); }},
                     {"lastLanes", [&] { return set(lastLanes, d.between(0, 2)); }},
                     {"schedule.ocBlocks", [&] { return set(ocBlocks, d.between(1, 2)); }}};
  ConvRoot any;
  for (auto [i, member] : llvm::enumerate(membersOfRoot(any)))
    members.push_back({"a root's " + member.name,
                       [&, membersOfRoot, i = i] { return membersOfRoot(roots[d.between(0, roots.size() - 1)])[i].draw(); }});
  if (isStrassen(spec))
    members.insert(members.end(), {{"schedule.rows", [&] { return set(rows, 2 * d.between(1, 2)); }},
                                   {"schedule.columns", [&] { return set(columns, d.between(4, 6)); }},
                                   {"schedule.unitBlocks", [&] { return set(unitBlocks, 2 * d.between(1, 4)); }},
                                   {"strassen.tiles", [&] { return set(tiles, d.between(1, 3)); }},
                                   {"strassen.chunkBlocks", [&] { return set(chunkBlocks, 2 * d.between(1, 2)); }},
                                   {"strassen.chunks", [&] { return set(chunks, d.between(1, 3)); }},
                                   {"strassen.strided", [&] { return set(strided, d.coin()); }}});
  else
    members.insert(members.end(), {{"schedule.rows", [&] { return set(rows, d.between(1, 2)); }},
                                   {"schedule.columns", [&] { return set(columns, d.between(1, 4)); }},
                                   {"schedule.tails", [&] { return set(tails, d.tails(columns, d.between(0, 4))); }},
                                   {"imagesAreColumns", [&] { return set(imagesAreColumns, d.coin()); }}});
  return members;
}

/// As in ir/plan/x86/Strassen.cpp.
static bool isSound(const ConvSpec &spec) {
  const plan::ConvSchedule &s = spec.schedule;
  if (!isStrassen(spec))
    return s.tails.empty() || s.tails.front() < s.columns;
  bool readsStrides = std::any_of(spec.roots.begin(), spec.roots.end(), [](const ConvRoot &root) { return root.stride > 1; });
  return s.unitBlocks % (2 * s.ocBlocks) == 0 && spec.strassen.chunks >= int64_t(spec.roots.size()) &&
         (spec.strassen.strided || !readsStrides);
}

static Members membersOf(TransposedConvSpec &spec, Draw &d) {
  auto &[kernelHeight, kernelWidth, stride, padding, epilogue, lastLanes, schedule] = spec;
  auto &[ocBlocks, rows, columns, tails, unitBlocks] = schedule; // unitBlocks is of Strassen's
  return {{"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 3)); }},
          {"stride", [&] { return set(stride, d.between(1, 2)); }},
          {"padding", [&] { return set(padding, d.between(0, 2)); }},
          {"epilogue", [&] { return set(epilogue, d.epilogue()); }},
          {"lastLanes", [&] { return set(lastLanes, d.between(0, 2)); }},
          {"schedule.ocBlocks", [&] { return set(ocBlocks, d.between(1, 2)); }},
          {"schedule.rows", [&] { return set(rows, d.between(1, 2)); }},
          {"schedule.columns", [&] { return set(columns, d.between(1, 4)); }},
          {"schedule.tails", [&] { return set(tails, d.tails(columns, d.between(0, 4))); }}};
}

static bool isSound(const TransposedConvSpec &spec) {
  const plan::ConvSchedule &s = spec.schedule;
  return std::min(spec.kernelHeight, spec.kernelWidth) >= spec.stride && (s.tails.empty() || s.tails.front() < s.columns);
}

/// Winograd's filters: of stride 1, of stride 2 over blocked channels and over planar ones.
static Members filterMembers(plan::WinogradTaps &taps, int64_t &channels, Draw &d) {
  auto &[kernel, stride] = taps;
  return {{"taps.kernel", [&] { return set(kernel, stride == 2 && channels ? d.oneOf({3, 5, 7}) : 3); }},
          {"taps.stride", [&] { return set(stride, channels ? 2 : d.between(1, 2)); }},
          {"channels", [&] { return set(channels, stride == 2 && d.coin() ? d.between(1, 4) : 0); }}};
}

/// There are points for 4 to 8 positions.
static bool isSoundFilter(const plan::WinogradTaps &taps, int64_t channels, int64_t tile) {
  return (channels || taps.kernel == 3) && taps.points(tile) >= 4 && taps.points(tile) <= 8;
}

static Members membersOf(WinogradInputSpec &spec, Draw &d) {
  auto &[tile, group, taps, channels] = spec;
  Members members = filterMembers(taps, channels, d);
  members.push_back({"tile", [&] { return set(tile, d.between(1, 7)); }});
  members.push_back({"group", [&] { return set(group, d.between(1, 4)); }});
  return members;
}

static bool isSound(const WinogradInputSpec &spec) { return isSoundFilter(spec.taps, spec.channels, spec.tile); }

static Members membersOf(WinogradConvSpec &spec, Draw &d) {
  auto &[tile, group, taps, channels, fusedBlocks, bias, epilogue, lastLanes, schedule] = spec;
  auto &[ocBlocks, rows, columns, tails, unitBlocks] = schedule; // unitBlocks is of direct convolutions
  Members members = filterMembers(taps, channels, d);
  members.insert(members.end(), {{"tile", [&] { return set(tile, d.between(1, 7)); }},
                                 {"group", [&] { return set(group, d.between(1, 12)); }},
                                 {"fusedBlocks", [&] { return set(fusedBlocks, d.between(0, channels ? 1 : 2)); }},
                                 {"bias", [&] { return set(bias, d.coin()); }},
                                 {"epilogue", [&] { return set(epilogue, d.epilogue()); }},
                                 {"lastLanes", [&] { return set(lastLanes, d.between(0, 2)); }},
                                 {"schedule.ocBlocks", [&] { return set(ocBlocks, d.between(1, 2)); }},
                                 {"schedule.rows", [&] { return set(rows, d.oneOf({1, 2, taps.points(tile)})); }},
                                 {"schedule.columns", [&] { return set(columns, d.between(1, 8)); }},
                                 {"schedule.tails", [&] { return set(tails, d.tails(columns, group % columns)); }}});
  return members;
}

static bool isSound(const WinogradConvSpec &spec) {
  const plan::ConvSchedule &s = spec.schedule;
  bool covers = s.columns <= spec.group && plan::covers(s, spec.group) && (s.tails.empty() || s.tails.front() < s.columns);
  bool isWhole = s.rows == spec.taps.points(spec.tile) && s.columns == spec.group && s.tails.empty();
  bool rowsFit = s.rows == 1 || (spec.channels == 0 && (s.rows == 2 || isWhole));
  return covers && rowsFit && isSoundFilter(spec.taps, spec.channels, spec.tile) && (!spec.channels || spec.fusedBlocks < 2);
}

static Members membersOf(MaxPoolSpec &spec, Draw &d) {
  auto &[kernelHeight, kernelWidth, strideRows, strideColumns] = spec;
  return {{"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 3)); }},
          {"strideRows", [&] { return set(strideRows, d.between(1, 2)); }},
          {"strideColumns", [&] { return set(strideColumns, d.between(1, 2)); }}};
}

static Members membersOf(ElementwiseSpec &spec, Draw &d) {
  auto &[chain] = spec;
  return {{"chain", [&] { return set(chain, d.epilogue()); }}};
}

static Members membersOf(RelayoutSpec &spec, Draw &d) {
  auto &[fromPlanar, toPlanar] = spec;
  return {{"fromPlanar", [&] { return set(fromPlanar, d.coin()); }}, {"toPlanar", [&] { return set(toPlanar, d.coin()); }}};
}

static Members membersOf(PadChannelsSpec &spec, Draw &d) {
  auto &[before, stride, lastLanes] = spec;
  return {{"before", [&] { return set(before, d.between(-2, 2)); }},
          {"stride", [&] { return set(stride, d.between(1, 2)); }},
          {"lastLanes", [&] { return set(lastLanes, d.between(0, 2)); }}};
}

static Members membersOf(SpreadSpec &spec, Draw &d) {
  auto &[stride] = spec;
  return {{"stride", [&] { return set(stride, d.between(1, 3)); }}};
}

static Members membersOf(DropoutSpec &spec, Draw &d) {
  auto &[rate] = spec;
  return {{"rate", [&] { return set(rate, double(d.between(1, 9)) / 10); }}};
}

static Members membersOf(MaxPoolGradSpec &spec, Draw &d) {
  auto &[kernelHeight, kernelWidth, strideRows, strideColumns, top, left] = spec;
  return {{"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 3)); }},
          {"strideRows", [&] { return set(strideRows, d.between(1, 2)); }},
          {"strideColumns", [&] { return set(strideColumns, d.between(1, 2)); }},
          {"top", [&] { return set(top, d.between(0, 1)); }},
          {"left", [&] { return set(left, d.between(0, 1)); }}};
}

static Members membersOf(CrossEntropySpec &spec, Draw &d) {
  auto &[smoothing] = spec;
  return {{"smoothing", [&] { return set(smoothing, double(d.between(0, 9)) / 10); }}};
}

static Members membersOf(CrossEntropyGradSpec &spec, Draw &d) {
  auto &[smoothing] = spec;
  return {{"smoothing", [&] { return set(smoothing, double(d.between(0, 9)) / 10); }}};
}

static Members membersOf(MergeMomentsSpec &spec, Draw &d) {
  auto &[momentum, epsilon] = spec;
  return {{"momentum", [&] { return set(momentum, double(d.between(1, 9)) / 10); }},
          {"epsilon", [&] { return set(epsilon, double(d.between(1, 9)) / 1e5); }}};
}

static Members membersOf(MergeGradSumsSpec &spec, Draw &d) {
  auto &[epsilon] = spec;
  return {{"epsilon", [&] { return set(epsilon, double(d.between(1, 9)) / 1e5); }}};
}

static Members membersOf(GradFilterSpec &spec, Draw &d) {
  auto &[kernelHeight, kernelWidth, stride, planarInput, imagesAreColumns, tile, unit] = spec;
  auto &[blocks, rows, scalars] = tile;
  auto &[outBlocks, inBlocks, tiles, pixels] = unit;
  return {{"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 3)); }},
          {"stride", [&] { return set(stride, d.between(1, 2)); }},
          {"planarInput", [&] { return set(planarInput, d.coin()); }},
          {"imagesAreColumns", [&] { return set(imagesAreColumns, d.coin()); }},
          {"tile.blocks", [&] { return set(blocks, d.between(1, 3)); }},
          {"tile.rows", [&] { return set(rows, d.between(1, 3)); }},
          {"tile.scalars", [&] { return set(scalars, d.between(1, 4)); }},
          {"unit.outBlocks", [&] { return set(outBlocks, d.between(1, 6)); }},
          {"unit.inBlocks", [&] { return set(inBlocks, d.between(1, 3)); }},
          {"unit.tiles", [&] { return set(tiles, d.between(1, 3)); }},
          {"unit.pixels", [&] { return set(pixels, d.between(32, 128)); }}};
}

static bool isSound(const GradFilterSpec &spec) {
  const GradFilterTile &tile = spec.tile;
  return spec.kernelHeight % tile.rows == 0 && spec.scalarsOfRow() % tile.scalars == 0 && spec.tiles() % spec.unit.tiles == 0 &&
         spec.unit.outBlocks % tile.blocks == 0;
}

static Members membersOf(WinogradGradFilterSpec &spec, Draw &d) {
  auto &[tile, group, outBlocks, inBlocks, sumBlocks, sumScalars] = spec;
  return {{"tile", [&] { return set(tile, d.between(2, 4)); }},
          {"group", [&] { return set(group, d.between(1, 12)); }},
          {"outBlocks", [&] { return set(outBlocks, d.between(1, 3)); }},
          {"inBlocks", [&] { return set(inBlocks, d.between(1, 3)); }},
          {"sumBlocks", [&] { return set(sumBlocks, d.between(1, 3)); }},
          {"sumScalars", [&] { return set(sumScalars, d.oneOf({1, 2, 4, 8})); }}};
}

static bool isSound(const WinogradGradFilterSpec &spec) { return spec.outBlocks % spec.sumBlocks == 0; }

template <typename Family> static Members membersOf(Family &, Draw &) {
  static_assert(std::is_empty_v<Family>, "its members are to be drawn");
  return {};
}

template <typename Family> static bool isSound(const Family &) { return true; }

static std::string codeOf(const Spec &spec, SkipIsa isa) {
  llvm::Expected<std::string> text = x86::printKernel({"k", spec, {isa, "", ""}}, x86::Stage::Kernel);
  REQUIRE(bool(text));
  return *text;
}

static bool haveSameCode(const Spec &first, const Spec &second, SkipIsa isa) {
  return codeOf(first, isa) == codeOf(second, isa);
}

template <typename Family> static void drawAll(Family &spec, Draw &draw) {
  do
    for (const Member &member : membersOf(spec, draw))
      member.draw();
  while (!isSound(spec));
}

/// Draws `spec`, and returns another that differs in one member.
template <typename Family> static Family drawPair(Family &spec, size_t member, Draw &draw) {
  for (;;) {
    drawAll(spec, draw);
    Family other = spec;
    if (membersOf(other, draw)[member].draw() && isSound(other))
      return other;
  }
}

/// Pairs for each member, one of which must differ in its code, else they would show nothing.
template <typename Family> static void checkFamily(Family spec, Draw &draw) {
  drawAll(spec, draw);
  size_t members = membersOf(spec, draw).size();
  for (SkipIsa isa : {SKIP_ISA_AVX2, SKIP_ISA_AVX512}) {
    CHECK(haveSameCode(spec, spec, isa));
    for (size_t member = 0; member < members; ++member) {
      INFO("family " << Spec(spec).index() << ", " << membersOf(spec, draw)[member].name);
      bool differs = false;
      for (int i = 0; i < kPairs; ++i) {
        Family other = drawPair(spec, member, draw); // and spec
        if (spec == other)
          CHECK(haveSameCode(spec, other, isa));
        else
          differs = differs || !haveSameCode(spec, other, isa);
      }
      CHECK(differs);
    }
  }
}

template <size_t... index> static void checkFamilies(std::index_sequence<index...>, Draw &draw) {
  (checkFamily(std::variant_alternative_t<index, Spec>(), draw), ...);
}

TEST_CASE("equal specifications have equal code, whatever member they might differ in") {
  Draw draw(1);
  checkFamilies(std::make_index_sequence<std::variant_size_v<Spec>>(), draw);
}

TEST_CASE("so it is of Strassen's convolutions") {
  Draw draw(1);
  ConvSpec strassen;
  strassen.schedule.unitBlocks = 2;
  checkFamily(strassen, draw);
}
