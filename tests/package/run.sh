#!/bin/sh
# Installs a build into a fresh prefix and builds the consumer against it by find_package and by
# pkg-config. usage: run.sh BUILD_DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$1" --prefix "$work/prefix" >/dev/null
cmake -S "$here" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/build" >/dev/null
HOME="$work" "$work/build/consumer"

PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name troupe.pc)")
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs troupe)
# shellcheck disable=SC2086 # Words on purpose.
${CXX:-c++} "$here/main.cpp" -o "$work/by_pkg_config" $flags \
  -Wl,-rpath,"$(pkg-config --variable=libdir troupe)"
HOME="$work" "$work/by_pkg_config"
"$work/prefix/bin/troupe" --version
