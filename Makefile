# `make` builds, `make test` builds and runs every test. Binaries land in build/release/bin/.
BUILD ?= build/release

.PHONY: all setup test clean
all: setup
	cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=Release > $(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }
	ninja -C $(BUILD) -j2

setup:
	@scripts/setup.sh
	@mkdir -p build

test: all
	ctest --test-dir $(BUILD) --output-on-failure

clean:
	rm -rf build
