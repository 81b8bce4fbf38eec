// The command line: what the commands want of the rooms below, and for themselves.
#pragma once

#include "tools/compile/Compile.h"
#include "tools/running/Preprocessing.h"
#include "tools/text/Failure.h"
#include "tools/weights/Naming.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skip::tool {

struct Options;
using Command = llvm::Error (*)(const Options &);

/// Every flag of every command.
struct Options : CompileOptions, PictureOptions {
  Command command = nullptr;
  bool json = false;
  JsonReply *reply = nullptr;     ///< of --json; never null
  std::vector<std::string> words; ///< of the command line, behind the program
  bool wide = false;

  // Weights: a safetensors file, a PyTorch file, `random:SEED`, or empty.
  std::string weights;
  NamingOptions naming; ///< --rename, --allow-extra, --verbose

  // build
  std::string output;      ///< a folder; with stopAfter a file
  std::string name;        ///< of the library; empty: the model's
  std::string weightsMode; ///< embed, file, none; empty: embed with weights, else none
  std::vector<std::string> emit;
  std::string stopAfter;

  // explain-plan
  std::string gpu; ///< whose rates predictions are made by; empty: h100

  // run
  std::vector<std::string> pictures;
  std::vector<std::string> inputs, outputs; ///< .npy
  std::string outputName;                   ///< which output is the classes
  int64_t top = 5;
  std::string classes;

  // eval, bench, run
  std::string data;
  bool skipBroken = false;
  std::string wrong;    ///< a file for what is misjudged
  unsigned threads = 0; ///< 0: all that this process may use

  // verify, train
  uint64_t seed = 1;

  // train
  std::vector<std::string> fresh; ///< labels
  bool resume = false;
  int64_t lastStep = 0; ///< 0: the recipe's length
  int64_t logEvery = 1, evaluateEvery = 1000, saveEvery = 500;

  // analyze
  bool responses = false;
  std::vector<std::string> also; ///< further models
  int64_t images = 0;            ///< 0: all

  // bench
  bool steps = false;
  double seconds = 2;
  std::vector<int64_t> counts; ///< of images, ascending; empty: those of --batch
  std::string svg;

  // tune
  std::vector<std::string> specs;
  double budget = 60; ///< seconds
  bool show = false;
  std::string merge, exportTo;
  std::string compileOnly; ///< a folder of candidates for GPUs

  // weights
  bool stats = false;

  // pack
  std::string library; ///< the folder of a build, or the manifest in it

  // import
  std::string onnx;
  bool check = false;

  // explain
  std::string code;
};

/// Parses the command line. Nothing when the process has nothing more to do; then `exitCode` is its exit code, and what there
/// was to say (help, version, a wrong flag) has been said.
std::optional<Options> parseOptions(int argc, char **argv, JsonReply &reply, int &exitCode);

/// Whether --set names this setting.
bool isSet(const Options &options, llvm::StringRef setting);

/// How wide tables may be: 100 columns, unless --wide.
size_t widthOfTables(const Options &options);

} // namespace skip::tool
