#!/bin/bash
# A real Slurm of three virtual nodes on this machine, on loopback, for the tests. Needs root and the
# packages slurmctld, slurmd, slurm-client, slurm-wlm-basic-plugins and munge.
# usage: slurm.sh STATE start | stop | kill-node n2 | start-node n2 | missing
set -euo pipefail
state=$1
export SLURM_CONF=$state/slurm.conf
nodes="n1 n2 n3"

# PID 1 of a container may reap late: a zombie is dead.
lives() { grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null; }

stop_process() {
  [ -f "$state/$1.pid" ] || return 0
  local pid
  pid=$(cat "$state/$1.pid")
  kill -KILL "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    lives "$pid" || break
    sleep 0.05
  done
  rm -f "$state/$1.pid"
}

# A node is a namespace of processes: killing its first one is a power cut for all of them.
start_node() {
  setsid unshare --pid --fork --kill-child=KILL --mount-proc bash -c \
    'slurmd -D -N "$1" -f "$2" -L "$3" & while :; do wait -n || sleep 1; done' \
    node "$1" "$SLURM_CONF" "$state/$1.log" >/dev/null 2>&1 </dev/null &
  echo $! >"$state/$1.pid"
}

free_ports() {
  # Ten that no socket has; by chance, as another Slurm may be starting just now.
  for port in $(seq 28800 10 29800 | shuf); do
    ss -tanH 2>/dev/null | grep -qE ":$((port / 10))[0-9] " || { echo "$port"; return; }
  done
  echo 28800
}

write_config() {
  local port host
  port=$(free_ports)
  host=$(hostname -s)
  cat >"$SLURM_CONF" <<C
ClusterName=troupe
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$state/munge.socket
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$state/save
SlurmdSpoolDir=$state/spool/%n
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
JobRequeue=0
ReturnToService=2
SlurmdTimeout=6
KillWait=2
MinJobAge=60
PropagateResourceLimits=NONE
MailProg=/bin/true
DefMemPerCPU=100
NodeName=DEFAULT CPUs=4 RealMemory=4000 State=UNKNOWN
$(i=0; for node in $nodes; do i=$((i + 1)); echo "NodeName=$node NodeAddr=127.0.0.1 NodeHostname=$host Port=$((port + i))"; done)
PartitionName=main Nodes=n[1-3] Default=YES MaxTime=60 DefaultTime=10 State=UP
C
  echo CgroupAutomount=no >"$state/cgroup.conf"
}

case $2 in
missing)
  [ "$(id -u)" = 0 ] || { echo "it needs root"; exit 0; }
  for program in slurmctld slurmd sbatch munged unshare; do
    command -v $program >/dev/null || { echo "there is no $program"; exit 0; }
  done
  ;;
start)
  mkdir -p "$state/save" "$state/spool"
  chmod 755 "$state"
  write_config
  head -c 128 /dev/urandom >"$state/munge.key"
  chmod 600 "$state/munge.key"
  # --force: the folder may lie under one that everybody can write to.
  munged --force --key-file="$state/munge.key" --socket="$state/munge.socket" \
    --pid-file="$state/munged.pid" --log-file="$state/munged.log" \
    --seed-file="$state/munge.seed" 2>/dev/null
  slurmctld -f "$SLURM_CONF" -L "$state/slurmctld.log"
  for node in $nodes; do start_node "$node"; done
  for _ in $(seq 150); do
    [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)" -ge 3 ] && exit 0
    ! grep -q 'Unable to bind' "$state"/*.log || break
    sleep 0.2
  done
  echo "Slurm did not come up:" >&2
  tail -n 20 "$state"/*.log >&2
  exit 1
  ;;
stop)
  for node in $nodes; do stop_process "$node"; done
  stop_process slurmctld
  stop_process munged
  rm -rf "$state"
  ;;
kill-node) stop_process "$3" ;;
start-node) start_node "$3" ;;
esac
