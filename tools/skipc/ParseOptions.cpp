// From the words of a command line to options: what CLI11 would say less clearly, or not at all, is looked for first.
#include "frontend/Diagnostics.h"
#include "tools/skipc/CommandOptions.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Wrap.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Config/llvm-config.h"

#include <CLI/CLI.hpp>

#include <sstream>

using namespace skip;
using tool::Options;

static constexpr size_t widthOfHelp = 100;

/// CLI11 says of an unknown command only that one is missing.
static llvm::Error checkCommand(const CLI::App &app, llvm::StringRef word) {
  std::vector<llvm::StringRef> names;
  for (const CLI::App *command : app.get_subcommands({}))
    names.push_back(command->get_name());
  if (word.starts_with("-") || llvm::is_contained(names, word))
    return llvm::Error::success();
  llvm::StringRef near = frontend::nearest(word, names);
  return tool::badInput("there is no command `" + word + "`", near.empty() ? "the commands are " + frontend::quotedList(names)
                                                                           : ("did you mean `" + near + "`?").str());
}

/// CLI11 takes `--flag=5` for `--flag`.
static llvm::Error checkFlags(const CLI::App &app, llvm::ArrayRef<std::string> words) {
  const CLI::App *command = nullptr;
  for (const CLI::App *each : app.get_subcommands({}))
    command = each->get_name() == words.front() ? each : command;
  for (llvm::StringRef word : words) {
    if (word == "--")
      break;
    auto [name, value] = word.split('=');
    const CLI::Option *option =
        command && name.starts_with("--") && name.size() < word.size() ? command->get_option_no_throw(name.str()) : nullptr;
    if (option && option->get_expected_max() == 0)
      return tool::badInput("`" + name + "` takes no value, and was given `" + value + "`");
  }
  return llvm::Error::success();
}

static llvm::Error checkWords(const CLI::App &app, llvm::ArrayRef<std::string> words) {
  if (words.empty())
    return llvm::Error::success();
  if (llvm::Error error = checkCommand(app, words.front()))
    return error;
  return checkFlags(app, words);
}

/// "bench ": the command whose help tells more.
static std::string helpOf(const CLI::App &app, llvm::ArrayRef<std::string> words) {
  auto isFirst = [&](const CLI::App *command) { return !words.empty() && command->get_name() == words.front(); };
  return app.get_subcommands(isFirst).empty() ? "" : words.front() + " ";
}

/// What a shell makes of a variable that is not set, as in `-o "$OUT"` or `--output=$OUT`, of which the parser would take the
/// next word.
static void refuseEmpty(llvm::ArrayRef<std::string> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    llvm::StringRef word = words[i];
    bool endsEmpty = word.starts_with("--") && word.ends_with("=") && word.drop_back().find('=') == word.npos;
    if (endsEmpty || (word.empty() && i > 0))
      throw CLI::ValidationError(endsEmpty ? word.drop_back().str() : words[i - 1],
                                 "the value is empty; without one, leave it out");
  }
}

std::optional<Options> tool::parseOptions(int argc, char **argv, JsonReply &reply, int &exitCode) {
  Options options;
  options.reply = &reply;
  options.onWarning = [&reply](Finding warning) { reply.addWarning(std::move(warning)); };
  options.words.assign(argv + std::min(argc, 1), argv + argc);
  CLI::App app("Skip, an ahead-of-time compiler for residual networks");
  app.set_version_flag("--version", "skipc " SKIP_VERSION " (LLVM " LLVM_VERSION_STRING ")");
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 a check failed, 2 usage or input, 3 internal error, 130 interrupted.\n"
             "SKIP_KERNEL_CACHE=DIR: where compiled kernels are kept for later builds, or `off` (default:\n"
             "$XDG_CACHE_HOME/skip/kernels, or ~/.cache/skip/kernels).\n"
             "`skipc COMMAND --help` shows a command's flags and examples.");
  addCommands(app, options);
  if (llvm::Error error = checkWords(app, options.words)) {
    exitCode = report(std::move(error), reply);
    return std::nullopt;
  }
  exitCode = 0;
  try {
    refuseEmpty(options.words);
    app.parse(argc, argv);
    return options;
  } catch (const CLI::Success &help) {
    std::ostringstream text;
    app.exit(help, text);
    llvm::outs() << wrapped(text.str(), widthOfHelp);
  } catch (const CLI::ParseError &error) {
    exitCode = report(badInput(error.what(), "`skipc " + helpOf(app, options.words) + "--help` tells more"), reply);
  }
  return std::nullopt;
}
