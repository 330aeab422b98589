#!/usr/bin/env bash
# Makes a bundle from busybox in out/demo and runs it: `make run`, or `make run ARGS=sh` for a shell in it.
# Usage: contrib/demo.sh [PROGRAM ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")/.."

csrun=out/csrun
bundle=out/demo
id=demo-$$

# The root file system: busybox under all of its names, and who is who.
busybox=$(command -v busybox) || { echo "contrib/demo.sh: busybox is needed: apt-get install busybox-static" >&2; exit 1; }
rm -rf "$bundle"
mkdir -p "$bundle"/rootfs/{bin,etc,proc,sys,dev,tmp}
install -m 0755 "$busybox" "$bundle/rootfs/bin/busybox"
for name in $("$busybox" --list); do
    [ "$name" = busybox ] || ln -s busybox "$bundle/rootfs/bin/$name"
done
echo 'root:x:0:0:root:/:/bin/sh' >"$bundle/rootfs/etc/passwd"
echo 'root:x:0:' >"$bundle/rootfs/etc/group"
cat >"$bundle/rootfs/bin/welcome" <<'SCRIPT'
#!/bin/sh
show() { printf '\n$ %s\n' "$*"; "$@"; }
echo "This is process $$ of a container. What it sees:"
show hostname
show id
show ps -o pid,user,args
show mount
show cat /proc/self/cgroup
SCRIPT
chmod 0755 "$bundle/rootfs/bin/welcome"

# The configuration: what `csrun spec` writes, with the program to run, and a terminal only where there is one.
options=()
[ "$(id -u)" -eq 0 ] || options=(--rootless)
"$csrun" spec --bundle "$bundle" "${options[@]}"
terminal=false
if [ $# -eq 0 ]; then
    set -- welcome
elif [ -t 0 ] && [ -t 1 ]; then
    terminal=true
fi
words=""
backslash=\\
for word in "$@"; do
    word=${word//"$backslash"/"$backslash$backslash"}
    words+="${words:+, }\"${word//'"'/"$backslash"'"'}\""
done
while IFS= read -r line; do
    case $line in
        *'"terminal": true'*) line=${line/true/$terminal} ;;
        *'"sh"') line=${line/'"sh"'/"$words"} ;;
    esac
    printf '%s\n' "$line"
done <"$bundle/config.json" >"$bundle/config.json.new"
mv "$bundle/config.json.new" "$bundle/config.json"

status=0
"$csrun" run --bundle "$bundle" "$id" || status=$?

if [ "$1" = welcome ] && [ "$status" -eq 0 ]; then
    cat <<'EOT'

That container is gone again. What to try next:
  make run ARGS=sh                             a shell in such a container
  out/csrun plan out/demo                      what was done, instruction by instruction
  out/csrun create --bundle out/demo mine      the same in steps: make it,
  out/csrun state mine                           look at it,
  out/csrun start mine                           let its program run,
  out/csrun delete mine                          remove it
  out/csrun help                               all commands
Change out/demo/config.json to change what it may do, and run it with:
  out/csrun run --bundle out/demo mine
EOT
fi
exit "$status"
