# The short way in. Everything real is in CMakeLists.txt and CMakePresets.json.
build := build/release
samples := build/samples

# So that ccache serves every clone of this tree, wherever it lies.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.PHONY: help packages build install-local samples demo test bench format clean

help: ## What can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

packages:
	@cmake/install_packages.sh build

$(build)/build.ninja: | packages
	cmake --preset release

build: packages $(build)/build.ninja ## Release build; the command is build/release/troupe
	cmake --build $(build)

# Samples see what a user sees: an installed troupe, and nothing of this tree.
samples: build
	@cmake --install $(build) --prefix $(CURDIR)/build/prefix >/dev/null
	@test -f $(samples)/build.ninja || cmake -S samples -B $(samples) -G Ninja \
	  -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=$(CURDIR)/build/prefix >/dev/null
	cmake --build $(samples)

demo: samples ## The main job: 11 years of Pacific winds on 4 worker processes
	$(samples)/climate --config samples/configs/local.toml --output build

test: samples ## All tests that this machine can run
	ctest --test-dir $(build) --output-on-failure

bench: build ## Ours, its peers and the limits of this machine, side by side: bench/README.md
	@cmake/install_packages.sh bench
	bench/peers.sh
	bench/run

format: ## clang-format on all sources
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i

clean: ## Remove build/
	rm -rf build
