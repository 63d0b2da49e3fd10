#!/bin/sh
# Installs the Debian packages of the named groups of packages.txt that are missing; asks apt only
# if one is. usage: cmake/install_packages.sh GROUP...
set -eu
cd "$(dirname "$0")/.."

wanted=$(for group in "$@"; do awk -v g="$group" '$2 == g { print $1 }' packages.txt; done)
missing=
for package in $wanted; do
  case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
    ii*) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=sudo
elif command -v sudo >/dev/null && [ -t 0 ]; then
  as_root=sudo
else
  echo "troupe: these packages are missing, and installing them takes root:$missing" >&2
  echo "troupe: as root: apt-get install --no-install-recommends$missing" >&2
  exit 1
fi

echo "installing:$missing"
install() {
  # shellcheck disable=SC2086 # Words on purpose: a list of names.
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}
# A new machine has no package lists, an old one stale ones: update only if need be.
install >/dev/null 2>&1 || { $as_root apt-get update -qq; install >/dev/null; }
