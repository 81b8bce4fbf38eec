// Groups of flags that commands share.
#pragma once

#include "tools/skipc/Options.h"

#include <CLI/CLI.hpp>

namespace skip::tool::flags {

/// Takes one value each time it is given, so that it never swallows the arguments behind it.
CLI::Option *repeatable(CLI::Option *option);
void addWide(CLI::App &app, Options &o);
void addJson(CLI::App &app, Options &o);
void addDefines(CLI::App &app, Options &o);
void addSpec(CLI::App &app, Options &o);
void addCompile(CLI::App &app, Options &o);
/// Of the recipe in the spec's `train` statement.
void addSettings(CLI::App &app, Options &o);
/// Of commands that build or plan.
void addTrain(CLI::App &app, Options &o);
/// Of commands that build or plan.
void addTargets(CLI::App &app, Options &o);
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
