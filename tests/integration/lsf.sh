#!/bin/bash
# LSF as Slurm's wrappers understand it, on the Slurm of slurm.sh: bsub, bjobs and bkill, of which
# Debian has the source alone. $TROUPE_TEST_LSF says where they are.
# usage: as slurm.sh, or: lsf.sh FOLDER prepare, which takes them out of Debian's source into FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
wrappers=${TROUPE_TEST_LSF:-/var/tmp/troupe-lsf}
if [ "$2" = prepare ]; then
  [ ! -x "$1/bsub" ] || exit 0
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
  echo "deb-src $mirror bookworm main" >"$work/sources"
  mkdir -p "$1" "$work/lists/partial" "$work/cache/archives/partial"
  cd "$work"
  apt="apt-get -qq -oDir::State::Lists=$work/lists -oDir::Etc::SourceList=$work/sources
    -oDir::Etc::SourceParts=/dev/null -oDir::Cache=$work/cache -oAPT::Sandbox::User=root"
  $apt update
  $apt source --download-only slurm-wlm
  tar --wildcards --strip-components=3 -xf slurm-wlm_*.orig.tar.* '*/contribs/openlava/*.pl'
  for name in bjobs bkill bsub; do
    sed -e '1s|.*|#!/usr/bin/perl -w|' -e '/^use lib /d' $name.pl >"$1/$name"
    chmod 755 "$1/$name"
  done
  # They look for these beside themselves.
  ln -sf "$(command -v sbatch)" "$(command -v srun)" "$(command -v salloc)" "$1/"
  exit 0
fi
if [ "$2" = missing ]; then
  missing=$("$here/slurm.sh" "$1" missing)
  [ -z "$missing" ] || { echo "$missing"; exit 0; }
  [ -x "$wrappers/bsub" ] || { echo "there is no $wrappers/bsub (\`$0 $wrappers prepare\`)"; exit 0; }
  perl -e 'for my $m (@ARGV) { exit 1 unless grep { -e "$_/$m.pm" } @INC }' Slurm Switch ||
    echo "libslurm-perl or libswitch-perl is missing"
  exit 0
fi
"$here/slurm.sh" "$@"
[ "$2" != start ] || echo "export SLURM_CONF=$1/slurm.conf PATH=$wrappers:$PATH" >"$1/environment"
