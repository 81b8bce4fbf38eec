// Gives access to the files that RuntimeObjectData.S includes.
#include "codegen/RuntimeObject.h"

extern "C" {
extern const char skipRuntimeObjectBegin[], skipRuntimeObjectEnd[];
extern const char skipRuntimeCudaObjectBegin[], skipRuntimeCudaObjectEnd[];
extern const char skipRuntimeTrainingObjectBegin[], skipRuntimeTrainingObjectEnd[];
extern const char skipTrainingHeaderBegin[], skipTrainingHeaderEnd[];
extern const char skipRuntimeHeaderBegin[], skipRuntimeHeaderEnd[];
extern const char skipCppHeaderBegin[], skipCppHeaderEnd[];
extern const char skipExecutableMainBegin[], skipExecutableMainEnd[];
}

namespace skip::codegen {

static llvm::StringRef between(const char *begin, const char *end) { return {begin, static_cast<size_t>(end - begin)}; }

llvm::StringRef runtimeObject(const Image &image, bool trains) {
  if (trains)
    return between(skipRuntimeTrainingObjectBegin, skipRuntimeTrainingObjectEnd);
  for (const TargetImage &target : image.targets)
    if (target.target == SKIP_TARGET_CUDA)
      return between(skipRuntimeCudaObjectBegin, skipRuntimeCudaObjectEnd);
  return between(skipRuntimeObjectBegin, skipRuntimeObjectEnd);
}
llvm::StringRef runtimeHeader() { return between(skipRuntimeHeaderBegin, skipRuntimeHeaderEnd); }
llvm::StringRef trainingHeader() { return between(skipTrainingHeaderBegin, skipTrainingHeaderEnd); }
llvm::StringRef cppHeader() { return between(skipCppHeaderBegin, skipCppHeaderEnd); }
llvm::StringRef executableMain() { return between(skipExecutableMainBegin, skipExecutableMainEnd); }

} // namespace skip::codegen
