#!/bin/bash
# HTCondor by a script that knows how to start one in a chroot, as Debian 12 has no package of it:
# $TROUPE_TEST_INFRA/condor.sh prepare | start | stop | exec. Preparing it needs Debian's mirrors and
# a minute, and is done once, by hand. The tests run inside, as the user whose jobs they are.
# usage: htcondor.sh STATE start | stop | missing
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
infra=${TROUPE_TEST_INFRA:-$here/../../../shared/infra}/condor.sh
base=${CONDOR_BASE:-/tmp/troupe-infra/chroot/trixie}
share=$1/share
export CONDOR_STATE=$1/condor CONDOR_SHARE=$share
case $2 in
missing)
  [ "$(id -u)" = 0 ] || { echo "it needs root"; exit 0; }
  [ -x "$infra" ] || { echo "there is no $infra (set TROUPE_TEST_INFRA)"; exit 0; }
  [ -x "$base/usr/sbin/condor_master" ] || echo "it is not prepared (\`$infra prepare\`)"
  ;;
start)
  mkdir -m 1777 "$share"
  # By chance, as another one may be starting just now.
  for port in $(seq 19700 20600 | shuf); do
    ss -ltnH | grep -q ":$port " || break
  done
  CONDOR_PORT=$port "$infra" start >"$1/start.log" 2>&1 || { cat "$1/start.log" >&2; exit 1; }
  echo "export CONDOR_STATE=$1/condor CONDOR_SHARE=$share" >"$1/environment"
  cat >"$1/run" <<R
#!/bin/bash
# Runs a program inside, with the libraries that are not there. Not with all of ours: HTCondor's own
# programs see them as well.
set -euo pipefail
mkdir "$share/program" "$share/state"
chmod 1777 "$share/state"
cp "\$1" "$share/program/"
ldd "\$1" | while read -r _ _ library _; do
  [ ! -f "\$library" ] || [ -e "$base\$library" ] || cp -L "\$library" "$share/program/"
done
program=$share/program/\$(basename "\$1")
shift
cd "$share"
"$infra" exec env "LD_LIBRARY_PATH=$share/program" TROUPE_TEST_STATE=$share/state "\$program" "\$@"
R
  chmod 755 "$1/run"
  ;;
stop)
  "$infra" stop >/dev/null 2>&1 || true
  rm -rf "$1"
  ;;
esac
