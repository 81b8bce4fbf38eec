import os
import lit.formats

config.name = "skip"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.test_exec_root = lit_config.params["build"] + "/tests"
config.environment["PATH"] = os.pathsep.join([lit_config.params["build"] + "/bin", "/usr/lib/llvm-22/bin", os.environ["PATH"]])
config.environment["XDG_CACHE_HOME"] = lit_config.params["build"] + "/tests/cache"  # not the tuning database of whoever runs the tests
