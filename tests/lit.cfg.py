import os
import re
import shutil
import subprocess

import lit.formats

config.name = "skip"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.test_exec_root = lit_config.params["build"] + "/tests"
config.environment["PATH"] = os.pathsep.join([lit_config.params["build"] + "/bin", "/usr/lib/llvm-22/bin", os.environ["PATH"]])
config.environment["SKIP_NO_AVX512"] = os.environ.get("SKIP_NO_AVX512", "")
for options in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):  # as the preset `asan` gives them
    config.environment[options] = os.environ.get(options, "")
config.environment["XDG_CACHE_HOME"] = lit_config.params["build"] + "/tests/cache"  # not the tuning database of whoever runs the tests
config.environment["SKIP_KERNEL_CACHE"] = lit_config.params["build"] + "/kernel-cache"

# What the machine that runs the tests decides: `avx512` is a feature, and %bodies is an --isa for all bodies that run here.
shown = subprocess.run(["skipc", "tune", "--show"], env={**config.environment, "XDG_CACHE_HOME": "/nonexistent"}, capture_output=True, text=True, check=True).stdout
runs_avx512 = re.search(r"^this machine: \S+ \S+ avx512 ", shown, re.MULTILINE) is not None
if runs_avx512:
    config.available_features.add("avx512")
config.substitutions.append(("%bodies", "both" if runs_avx512 else "avx2"))
if config.environment["SKIP_NO_AVX512"]:  # a second run of the tests: what does not depend on the body that runs is left out
    config.available_features.add("without-avx512")
with open(lit_config.params["build"] + "/CMakeCache.txt", encoding="utf-8") as cache:
    if "SKIP_SANITIZE:BOOL=ON" in cache.read():
        config.available_features.add("sanitized")
if shutil.which("valgrind"):
    config.available_features.add("valgrind")
# Two machines for what is chosen, not run: their fingerprints.
config.substitutions.append(("%wide", "'AuthenticAMD 26/2 avx512 l1 49152 l2 1048576 l3 33554432 a wide machine'"))
config.substitutions.append(("%narrow", "'GenuineIntel 6/94 avx2 l1 32768 l2 262144 l3 8388608 a narrow machine'"))
# What stands in for a GPU's driver.
config.substitutions.append(("%emulator", lit_config.params["build"] + "/lib/libskip-cuda-emulator.so"))
