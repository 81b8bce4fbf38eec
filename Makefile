# `make` builds, `make test` builds and runs every test. Binaries land in build/release/bin/.
# `make test-without-avx512` runs those tests that depend on the machine as on one without AVX-512. Where it is one, `make test` does.
# `make demo` compiles ResNet-20 with its checkpoint and classifies ten pictures.
# `make asan` does the same under AddressSanitizer and UndefinedBehaviorSanitizer, in build/asan/.
# `make bench-peers` measures Skip beside other engines (bench/README.md).
# `make wheel` makes a Python wheel of the package skiprt, in dist/ (docs/python.md).
# `make release` makes one file to install, dist/skip-VERSION-linux-x86_64.tar.xz, and tries it (docs/decisions/release.md).
# `make lint` checks formatting and include rules, `make format` puts the formatting right.
PRESET ?= release
JOBS ?= $(shell nproc)
CLANG_FORMAT ?= clang-format-22
PYTHON ?= /usr/bin/python3
BUILD := build/$(PRESET)

# What git tracks, or would track, and is there.
SOURCES = git ls-files -z --cached --others --exclude-standard '*.cpp' '*.h' | xargs -0 ls -d 2>/dev/null

.PHONY: all setup demo test test-without-avx512 asan bench-peers wheel release lint format clean
all: setup
	@cmake --preset $(PRESET) > $(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }
	ninja -C $(BUILD) -j$(JOBS)

setup:
	@scripts/setup.sh
	@mkdir -p build

demo: setup
	@cmake --preset $(PRESET) > $(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }
	ninja -C $(BUILD) -j$(JOBS) skipc
	@scripts/demo.sh $(BUILD)

test: all
	ctest --preset $(PRESET) -j2

test-without-avx512: all
	@if grep -qw avx512f /proc/cpuinfo; then SKIP_NO_AVX512=1 ctest --preset $(PRESET) -j2 -L device; \
	else echo "test-without-avx512: this CPU has no AVX-512, so \`make test\` runs these tests as on one without"; fi

asan:
	$(MAKE) test PRESET=asan

bench-peers: all
	bench/peers/run.py $(ARGS)

wheel: setup
	@rm -rf build/wheel && cp -r python build/wheel
	@$(PYTHON) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist ./build/wheel
	@ls dist/skiprt-*.whl

release: setup
	@cmake --preset $(PRESET) > $(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }
	ninja -C $(BUILD) -j$(JOBS) skipc
	@scripts/release.sh $(BUILD)

lint:
	@$(SOURCES) | xargs $(CLANG_FORMAT) --dry-run --Werror
	@python3 tests/lint/lint.py
	@python3 -B tests/lint/planted.py

format:
	@$(SOURCES) | xargs $(CLANG_FORMAT) -i

clean:
	rm -rf build
