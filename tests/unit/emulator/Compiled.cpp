#include "tests/unit/emulator/Compiled.h"

#include "tests/unit/TemporaryFolder.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

namespace skip::emulator::test {

static std::string dataFolder() {
  const char *root = std::getenv("SKIP_SOURCE_DIR");
  return std::string(root ? root : ".") + "/tests/unit/emulator/data/";
}

static std::string contents(const std::string &path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string stored(const std::string &name) { return contents(dataFolder() + name); }

std::optional<std::string> compiled(const std::string &architecture) {
  ::test::TemporaryFolder folder;
  std::string out = folder.path("kernels.ptx");
  const char *home = std::getenv("CUDA_HOME");
  std::string path = std::string(home ? home : "/usr/local/cuda") + "/bin";
  std::string command = "PATH=\"$PATH:" + path + "\" nvcc -std=c++17 -arch=" + architecture + " -ptx '" + dataFolder() +
                        "kernels.cu' -o '" + out + "' >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0)
    return std::nullopt;
  return contents(out);
}

size_t kernelOf(const Module &module, const std::string &name) {
  for (size_t i = 0; i < module.kernels().size(); ++i)
    if (module.kernels()[i].name == name)
      return i;
  FAIL("no kernel " << name);
  return 0;
}

Launch launchOf(const Module &module, const std::string &kernel, Dim3 grid, Dim3 block) {
  Launch launch;
  launch.module = &module;
  launch.kernel = kernelOf(module, kernel);
  launch.grid = grid;
  launch.block = block;
  return launch;
}

std::vector<float> randomFloats(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(count);
  for (float &value : values)
    value = static_cast<float>(static_cast<int64_t>(random() % 2001) - 1000) / 256;
  return values;
}

} // namespace skip::emulator::test
