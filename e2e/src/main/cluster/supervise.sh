#!/usr/bin/env bash
# usage: supervise.sh FOLDER BIN attached|detached|sweep
# Makes a node in namespaces of its own, gives its API a loopback port of this machine, and takes everything away at the
# end: process, mount, link, rule, namespace, cgroup and folder. The end comes by SIGTERM, when the node itself ends, and,
# attached, when standard input does, which happens however the caller dies. Should this process itself be killed, the
# node dies with it; what then is left of cgroups and folder is cleared by sweep.
set -euo pipefail
folder=$1 bin=$2 mode=$3 here=$(cd "$(dirname "$0")" && pwd)
cgroup=/weft-${folder##*/}-$(printf %s "$folder" | cksum | cut -d " " -f 1)
exec 3<&0 </dev/null
trap 'exit 1' TERM INT HUP
children=() node='' unshared=''

cgroup_roots() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo /sys/fs/cgroup; else
    for root in /sys/fs/cgroup/*/; do [ -L "${root%/}" ] || [ ! -e "${root}cgroup.procs" ] || echo "${root%/}"; done
  fi
}
clean() {
  trap '' TERM INT HUP
  # The namespace's first process takes all others along; unshare ends when they are gone.
  [ -z "$node" ] || kill -KILL "$node" 2>/dev/null || true
  [ -z "$unshared" ] || wait "$unshared" 2>/dev/null || true
  for child in ${children[@]+"${children[@]}"}; do kill -KILL "$child" 2>/dev/null || true; done
  cgroup_roots | while read -r root; do
    for _ in $(seq 50); do
      [ -e "$root$cgroup" ] || break
      find "$root$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || sleep .1
    done
  done
  rm -rf --one-file-system "$folder"
}
trap clean EXIT
[ "$mode" != sweep ] || exit 0
echo "$$" >"$folder/supervisor.pid"

cgroup_roots | while read -r root; do
  mkdir -p "$root$cgroup"
  if [ -e "$root$cgroup/cpuset.cpus" ] && [ ! -e "$root/cgroup.controllers" ]; then
    for file in cpuset.cpus cpuset.mems; do cat "$root/$file" >"$root$cgroup/$file"; done
  fi
  if [ -e "$root/cgroup.controllers" ] && [ "$root" = /sys/fs/cgroup ]; then
    for controller in $(cat "$root/cgroup.controllers"); do
      echo "+$controller" >"$root/cgroup.subtree_control" 2>/dev/null || true
      echo "+$controller" >"$root$cgroup/cgroup.subtree_control" 2>/dev/null || true
    done
  fi
done

setpriv --pdeathsig KILL \
  unshare --net --mount --pid --uts --ipc --fork --kill-child=KILL --mount-proc --propagation private \
  bash "$here/node.sh" "$folder" "$bin" "$cgroup" 3<&- &
unshared=$!
until node=$(cat "/proc/$unshared/task/$unshared/children" 2>/dev/null) && [ -n "$node" ]; do
  kill -0 "$unshared" 2>/dev/null || { unshared=''; echo "failed: no namespaces can be made here"; exit 1; }
  sleep .02
done
node=${node%% *}
echo "$node" >"$folder/node.pid"

setpriv --pdeathsig KILL socat TCP-LISTEN:0,bind=127.0.0.1,fork,backlog=128 "UNIX-CONNECT:$folder/api.sock" 2>/dev/null &
api=$!
children+=("$api")
if [ "$mode" = attached ]; then
  setpriv --pdeathsig KILL cat <&3 >/dev/null &
  children+=("$!")
fi
alive() { kill -0 "$unshared" 2>/dev/null; }
port() { # the port on which socat listens
  local inodes hex
  inodes=$(readlink /proc/"$api"/fd/* 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p' | tr '\n' ' ')
  hex=$(awk -v inodes=" $inodes " '$4 == "0A" && index(inodes, " " $10 " ") {split($2, address, ":"); print address[2]}' /proc/net/tcp)
  [ -n "$hex" ] && echo $((16#$hex))
}
until port=$(port); do alive || exit 1; sleep .05; done
until [ -e "$folder/host.kubeconfig" ]; do alive || exit 1; sleep .05; done
sed "s/127.0.0.1:PORT/127.0.0.1:$port/" "$folder/host.kubeconfig" >"$folder/kubeconfig.part"
chmod 600 "$folder/kubeconfig.part"
mv "$folder/kubeconfig.part" "$folder/kubeconfig"

wait -n "$unshared" "${children[@]}" || true
