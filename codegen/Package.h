// From an image and its kernels to what a user gets: libraries, header, manifest, executable.
#pragma once

#include "codegen/TrainingImage.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace skip::codegen {

/// A file that a build writes beside the libraries.
struct ExtraFile {
  std::string name, bytes;
};

struct PackageInput {
  const Image &image;
  /// Relocatable ELF objects that define the symbols of the image's kernels.
  llvm::ArrayRef<std::string> kernels;
  /// The weights segment (PackWeights.h) of each of the image's targets; empty when no weights are to be written.
  llvm::ArrayRef<llvm::ArrayRef<char>> segments = {};
  llvm::ArrayRef<ExtraFile> extra = {};
  /// Makes it a training library; its kernels are among `kernels`.
  const TrainingImage *training = nullptr;
};

enum class WeightsMode {
  none,  // the user loads a checkpoint
  embed, // inside the libraries and the executable
  file,  // as `<name>.skipweights`, which loads as fast as the disk is
};

struct PackageOptions {
  std::string folder;
  WeightsMode weights = WeightsMode::none;
  bool archive = true;     // lib<name>.a
  bool shared = true;      // lib<name>.so; with either also <name>Config.cmake and <name>ConfigVersion.cmake
  bool object = false;     // <name>.o, relocatable, what the archive holds; with any of the three also <name>.h and <name>.hpp
  bool executable = false; // <name>, linked by `cc`
};

/// Writes all files of a build and <name>.json, the manifest, into the folder: all of them, or on an error or an interruption
/// (support/Temporaries.h) none. The same input gives the same bytes.
llvm::Error writePackage(const PackageInput &input, const PackageOptions &options);

/// Writes only the shared library, without weights, to `path`: what the compiler's own tools run and then forget.
llvm::Error writeSharedLibrary(const PackageInput &input, const std::string &path);

} // namespace skip::codegen
