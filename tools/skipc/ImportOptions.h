// The flags of `skipc import`.
#pragma once

#include "tools/skipc/Options.h"

namespace CLI {
class App;
}

namespace skip::tool {

void addImport(CLI::App &app, Options &o);

} // namespace skip::tool
