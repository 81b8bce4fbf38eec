// Every flag of every command, in one struct.
#pragma once

#include "frontend/Frontend.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skip::tool {

struct Options;
using Command = llvm::Error (*)(const Options &);

struct Options {
  Command command = nullptr;

  // The network: every command but explain.
  std::string spec; ///< a path, or a name of the catalogue
  std::string model;
  std::vector<frontend::Define> defines;
  std::vector<std::string> importPaths;
  bool json = false;

  // Compiling it.
  std::string targetCpu; ///< native, x86-64-v3 or x86-64-v4; empty: see the command
  std::vector<int64_t> batches;
  bool exact = false;   ///< no algorithm that rounds differently from the direct one
  unsigned jobs = 0;    ///< threads that compile kernels; 0: all cores
  std::string database; ///< of tuning; empty: the user's and those that Skip ships
  bool noTuning = false;
  std::string device; ///< whose tuning counts: a fingerprint, or a file with one; empty: this machine's
  std::string dumpDir;
  bool printIrAfterAll = false;
  bool timing = false;

  // Its weights: a safetensors file, `random:SEED`, or empty.
  std::string weights;

  // build
  std::string output;      ///< a folder; with stopAfter a file
  std::string name;        ///< of the library; empty: the model's
  std::string weightsMode; ///< embed, file, none; empty: embed with weights, else none
  std::vector<std::string> emit;
  std::string stopAfter;

  // run
  std::vector<std::string> pictures;
  std::vector<std::string> inputs, outputs; ///< .npy
  int64_t top = 5;

  // run and eval: what the spec says of pictures, overridden
  std::vector<double> mean, deviation;
  bool asIs = false; ///< pictures have the input's size
  std::string classes;

  // eval, bench, run
  std::string data;
  unsigned threads = 0; ///< 0: all that this process may use

  // verify
  std::string isa; ///< avx2, avx512, both; empty: what was built and runs here
  uint64_t seed = 1;

  // bench
  bool steps = false;
  double seconds = 2;

  // tune
  std::vector<std::string> specs;
  double budget = 60; ///< seconds
  bool show = false;
  std::string merge, exportTo;

  // explain
  std::string code;
};

/// Parses the command line. Nothing when the process has nothing more to do; then `exitCode` is its exit code, and what there
/// was to say (help, version, a wrong flag) has been said.
std::optional<Options> parseOptions(int argc, char **argv, int &exitCode);

} // namespace skip::tool
