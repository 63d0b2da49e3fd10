#!/bin/sh
# The newest Dask, Ray and HyperQueue, in a virtual environment outside this tree, if there is a
# package index to get them from. usage: bench/peers.sh [FOLDER]
set -eu
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/troupe-bench}/venv
"$folder/bin/python3" -c 'import distributed, hyperqueue, ray' 2>/dev/null && exit 0
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --upgrade distributed numpy lz4 || echo "no newest Dask here" >&2
"$folder/bin/pip" install --quiet --upgrade ray || echo "no Ray here" >&2
"$folder/bin/pip" install --quiet --upgrade hyperqueue || echo "no HyperQueue here" >&2
