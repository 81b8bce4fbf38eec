// The members of the wider family's kernels, as IdentityTest.cpp has those of the others.
#pragma once

#include "tests/unit/kernel/Members.h"

namespace skip::testing {

inline Members membersOf(GeneralConvSpec &spec, Draw &d) {
  auto &[form, depth, kernelHeight, kernelWidth, strideRows, strideColumns, dilationRows, dilationColumns, bias, epilogue,
         lastLanes, tile] = spec;
  auto &[blocks, columns, tail] = tile;
  return {{"form", [&] { return set(form, static_cast<GroupForm>(d.between(0, 2))); }},
          {"depth", [&] { return set(depth, d.oneOf({1, 2, 4, 8})); }},
          {"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 3)); }},
          {"strideRows", [&] { return set(strideRows, d.between(1, 2)); }},
          {"strideColumns", [&] { return set(strideColumns, d.between(1, 2)); }},
          {"dilationRows", [&] { return set(dilationRows, d.between(1, 2)); }},
          {"dilationColumns", [&] { return set(dilationColumns, d.between(1, 2)); }},
          {"bias", [&] { return set(bias, d.coin()); }},
          {"epilogue", [&] { return set(epilogue, d.epilogue()); }},
          {"lastLanes", [&] { return set(lastLanes, d.between(0, 15)); }},
          {"tile.blocks", [&] { return set(blocks, d.between(1, 2)); }},
          {"tile.columns", [&] { return set(columns, d.between(1, 4)); }},
          {"tile.tail", [&] { return set(tail, d.between(0, 3)); }}};
}

inline bool isSound(const GeneralConvSpec &spec) {
  bool areBlocks = spec.form == GroupForm::blocks;
  return spec.tile.tail < spec.tile.columns && (areBlocks || spec.tile.blocks == 1);
}

inline Members membersOf(AvgPoolSpec &spec, Draw &d) {
  auto &[kernelHeight, kernelWidth, strideRows, strideColumns, includePad, sum] = spec;
  return {{"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 10)); }},
          {"strideRows", [&] { return set(strideRows, d.between(1, 3)); }},
          {"strideColumns", [&] { return set(strideColumns, d.between(1, 3)); }},
          {"includePad", [&] { return set(includePad, d.coin()); }},
          {"sum", [&] { return set(sum, d.coin()); }}};
}

inline Members membersOf(AvgPoolGradSpec &spec, Draw &d) {
  auto &[kernelHeight, kernelWidth, strideRows, strideColumns, includePad, sum] = spec;
  return {{"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 3)); }},
          {"strideRows", [&] { return set(strideRows, d.between(1, 3)); }},
          {"strideColumns", [&] { return set(strideColumns, d.between(1, 3)); }},
          {"includePad", [&] { return set(includePad, d.coin()); }},
          {"sum", [&] { return set(sum, d.coin()); }}};
}

inline Members membersOf(ConcatSpec &spec, Draw &d) {
  auto &[channels] = spec;
  return {{"channels", [&] { return set(channels, {d.oneOf({8, 16, 32}), d.between(1, 40)}); }}};
}

inline Members membersOf(UpsampleSpec &spec, Draw &d) {
  auto &[factor, bilinear] = spec;
  return {{"factor", [&] { return set(factor, d.between(1, 4)); }}, {"bilinear", [&] { return set(bilinear, d.coin()); }}};
}

/// Groups within a block, of whole blocks, and across them.
inline Members membersOf(GroupNormSpec &spec, Draw &d) {
  auto &[groupChannels, epsilon, epilogue, lastLanes] = spec;
  return {{"groupChannels", [&] { return set(groupChannels, d.oneOf({1, 2, 3, 4, 8, 16, 17, 32, 48})); }},
          {"epsilon", [&] { return set(epsilon, d.coin() ? 1e-5 : 1e-3); }},
          {"epilogue", [&] { return set(epilogue, d.epilogue()); }},
          {"lastLanes", [&] { return set(lastLanes, d.between(0, 15)); }}};
}

inline Members membersOf(UpsampleGradSpec &spec, Draw &d) {
  auto &[factor] = spec;
  return {{"factor", [&] { return set(factor, d.between(1, 4)); }}};
}

inline Members membersOf(GeneralWindows &windows, Draw &d) {
  auto &[wholeBlocks, kernelHeight, kernelWidth, strideRows, strideColumns, dilationRows, dilationColumns] = windows;
  return {{"wholeBlocks", [&] { return set(wholeBlocks, d.coin()); }},
          {"kernelHeight", [&] { return set(kernelHeight, d.between(1, 3)); }},
          {"kernelWidth", [&] { return set(kernelWidth, d.between(1, 3)); }},
          {"strideRows", [&] { return set(strideRows, d.between(1, 2)); }},
          {"strideColumns", [&] { return set(strideColumns, d.between(1, 2)); }},
          {"dilationRows", [&] { return set(dilationRows, d.between(1, 2)); }},
          {"dilationColumns", [&] { return set(dilationColumns, d.between(1, 2)); }}};
}

inline Members membersOf(GeneralGradInputSpec &spec, Draw &d) {
  auto &[windows] = spec;
  return membersOf(windows, d);
}

inline Members membersOf(GeneralGradFilterSpec &spec, Draw &d) {
  auto &[windows] = spec;
  return membersOf(windows, d);
}

} // namespace skip::testing
