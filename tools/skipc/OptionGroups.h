// Groups of flags that commands share.
#pragma once

#include "tools/skipc/Options.h"

#include <CLI/CLI.hpp>

namespace skip::tool::flags {

/// Takes one value each time it is given, so that it never swallows the arguments behind it.
CLI::Option *repeatable(CLI::Option *option);

struct Range {
  uint64_t least, most;
};
/// The value of a flag: digits alone, within the range. CLI11 cuts a number to its type's range, and takes 010 for 8.
uint64_t wholeOf(llvm::StringRef flag, llvm::StringRef text, Range range);
/// Of a flag in --help.
std::string typeName(Range range);
/// A flag that takes a whole number; all such flags are made here.
template <typename Number>
CLI::Option *addWhole(CLI::App &app, const char *flag, Number &number, Range range, const char *help) {
  llvm::StringRef name = flag;
  auto set = [&number, name = name.split(',').second.empty() ? name : name.split(',').second, range](const std::string &text) {
    number = static_cast<Number>(wholeOf(name, text, range));
  };
  return app.add_option_function<std::string>(flag, set, help)->type_name(typeName(range));
}
void addSeed(CLI::App &app, Options &o, const char *help);

void addWide(CLI::App &app, Options &o);
void addJson(CLI::App &app, Options &o);
void addDefines(CLI::App &app, Options &o);
void addSpec(CLI::App &app, Options &o);
void addCompile(CLI::App &app, Options &o);
/// Of commands that run what they compile, on a GPU that --device may choose.
void addCompileToRun(CLI::App &app, Options &o);
/// Of the recipe in the spec's `train` statement.
void addSettings(CLI::App &app, Options &o);
/// Of commands that build or plan.
void addTrain(CLI::App &app, Options &o);
/// Of commands that build or plan.
void addTargets(CLI::App &app, Options &o);
/// The GPUs that code is made for, and what for.
void addArchitectures(CLI::App &app, Options &o, const char *what);
/// Code for GPUs that is made when the library is built.
void addObjects(CLI::App &app, Options &o);
/// Of commands that run what they build.
void addRunTarget(CLI::App &app, Options &o);
void addRule(CLI::App &app, const char *rule);
CLI::Option *addBatches(CLI::App &app, Options &o, const char *help);
/// The same with ranges, all of which is measured.
void addBatchRanges(CLI::App &app, Options &o, const char *help);
/// What is done to a checkpoint's names; part of addWeights.
void addNaming(CLI::App &app, Options &o);
CLI::Option *addWeights(CLI::App &app, Options &o);
void addThreads(CLI::App &app, Options &o);
void addPictures(CLI::App &app, Options &o);
void addExif(CLI::App &app, Options &o);
/// One command: its name, what it does, its examples, its flags.
CLI::App &addCommand(CLI::App &app, Options &o, const char *name, tool::Command command, const char *summary,
                     const char *examples);

} // namespace skip::tool::flags
