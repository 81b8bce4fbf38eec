// What happens when the memory is used up.
#pragma once

namespace skip::tool {

/// From now on a process without memory says so in one line, removes its temporary files and ends with the exit code for
/// internal errors, as it does after a fatal error of LLVM. With `json` the standard output says so too.
void reportOutOfMemory(bool json);

} // namespace skip::tool
