// The table of commands.
#pragma once

#include "tools/skipc/Options.h"

namespace CLI {
class App;
}

namespace skip::tool {

/// Adds each command with its flags, which write to `options`.
void addCommands(CLI::App &app, Options &options);

} // namespace skip::tool
