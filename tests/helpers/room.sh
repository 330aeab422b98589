#!/usr/bin/env bash
# A room for a container engine: mount, pid, network, ipc, uts and cgroup namespaces of its own, with private /run and
# /dev/shm, and in /usr/local/bin nothing but csrun. The engine finds a machine as any other, and whatever it makes is
# gone with the room, or is to be seen below csrun-test/NAME in the cgroup hierarchies.
# Usage: room.sh open NAME RUNTIME [HIERARCHY...]     lives until its standard input ends; HIERARCHY: left out
#        room.sh enter NAME PID COMMAND...            runs a command in the room whose first process is PID
set -euo pipefail

# Joins the room's cgroup in every hierarchy; makes it if need be.
join() {
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*/; do
        hierarchy=${hierarchy%/}
        if ! mountpoint -q "$hierarchy" || [ ! -e "$hierarchy/cgroup.procs" ]; then continue; fi
        cgroup=$hierarchy/csrun-test/$1
        mkdir -p "$cgroup"
        # cpuset of v1: nobody may join before there are processors and memory.
        for file in cpuset.cpus cpuset.mems; do
            for level in "$hierarchy/csrun-test" "$cgroup"; do
                if [ -e "$level/cpuset.cpu_exclusive" ] && [ -z "$(<"$level/$file")" ]; then cat "$hierarchy/$file" >"$level/$file"; fi
            done
        done
        echo $$ >"$cgroup/cgroup.procs"
    done
}

case $1 in
    open)
        join "$2"
        exec unshare --cgroup --mount --pid --net --ipc --uts --fork --kill-child --propagation private --mount-proc \
            "$0" furnish "${@:3}"
        ;;
    furnish)
        runtime=$2
        shift 2
        # The hierarchies again, as this cgroup namespace sees them.
        mapfile -t hierarchies < <(awk '$8 ~ /^cgroup2?$/ { print $5, $8, $10 }' /proc/self/mountinfo)
        umount -R /sys/fs/cgroup
        mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
        for hierarchy in "${hierarchies[@]}"; do
            read -r place type options <<<"$hierarchy"
            [[ " $* " != *" ${place##*/} "* ]] || continue
            mkdir -p "$place"
            options=$(tr , '\n' <<<"$options" | { grep -vE '^(rw|xattr|nsdelegate|memory_recursiveprot|release_agent=.*)$' || true; } | paste -sd ,)
            [[ $options != *name=* ]] || options=none,$options
            mount -t "$type" ${options:+-o "$options"} "$type" "$place"
        done
        mount -t tmpfs -o mode=755 tmpfs /run
        mkdir /run/lock
        mount -t tmpfs -o mode=1777 tmpfs /dev/shm
        mount -t tmpfs -o mode=755 tmpfs /usr/local/bin
        ln -s "$runtime" /usr/local/bin/csrun
        ip link set lo up
        echo ready
        # As process 1 bash reaps what loses its parent.
        while read -r _; do :; done
        ;;
    enter)
        join "$2"
        exec nsenter --target "$3" --mount --pid --net --ipc --uts --cgroup "${@:4}"
        ;;
esac
