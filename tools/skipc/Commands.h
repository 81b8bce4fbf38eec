// The commands of `skipc`, one a file.
#pragma once

#include "tools/skipc/Options.h"

namespace skip::tool {

llvm::Error build(const Options &options);
llvm::Error run(const Options &options);
llvm::Error eval(const Options &options);
llvm::Error summary(const Options &options);
llvm::Error plan(const Options &options);
llvm::Error explainPlan(const Options &options);
llvm::Error train(const Options &options);
llvm::Error analyze(const Options &options);
llvm::Error verify(const Options &options);
llvm::Error bench(const Options &options);
llvm::Error tune(const Options &options);
llvm::Error weights(const Options &options);
llvm::Error pack(const Options &options);
llvm::Error importOnnx(const Options &options);
llvm::Error explain(const Options &options);

} // namespace skip::tool
