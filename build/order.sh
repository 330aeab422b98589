#!/usr/bin/env bash
# Writes src/Runtime/Order: which functions stand in front, in the executable, because the commands of a container's
# life run them. What runs together then lies on the same pages: a third of the memory of a command is mapped for nothing
# without it. To be run when much has changed; functions that are not named stand behind, names that are gone are skipped.
# Needs x86_64 and root; the order holds for arm64 too.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "build/order.sh: please run as root" >&2; exit 1; }

work=$(mktemp -d /tmp/csrun-order.XXXXXX)
id=order-$$
program=$work/out/csrun
cleanup() {
    [ ! -x "$program" ] || "$program" --root "$work/state" delete --force $id >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT

rm -f src/Runtime/obj/Release/net10.0/linux-x64/native/csrun src/Runtime/bin/Release/net10.0/linux-x64/native/csrun
dotnet publish src/Runtime/Runtime.csproj -c Release -r linux-x64 -o "$work/out" -v quiet --nologo "-p:LinkMap=$work/map"
gcc -O2 -o "$work/trace" build/order/trace.c

mkdir -p "$work/bundle/rootfs"/{proc,dev,sys}
gcc -nostdlib -static -o "$work/bundle/rootfs/exit" bench/exit.S
awk -f bench/config.awk >"$work/plain.json"
# What engines add: limits, devices, a filter, labels of their own.
sed -e 's|"linux":{|"annotations":{"io.engine.name":"one"},"linux":{"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":5,"access":"rwm"}],"memory":{"limit":268435456,"swap":268435456},"cpu":{"shares":512,"quota":50000,"period":100000},"pids":{"limit":100}},"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[{"names":["exit","exit_group","execve","execveat","read","write","close","openat","mmap","brk","futex"],"action":"SCMP_ACT_ALLOW"},{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]},{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}]}]},|' \
    "$work/plain.json" >"$work/engine.json"
echo '{"user":{"uid":0,"gid":0},"args":["/exit"],"env":["PATH=/bin"],"cwd":"/","noNewPrivileges":true}' >"$work/process.json"
"$program" spec --bundle "$work/bundle"
sed -e 's|"terminal": true|"terminal": false|; s|"sh"|"/exit"|' "$work/bundle/config.json" >"$work/default.json"

# Functions but those that a new process runs in the memory of this one.
end=$(readelf -SW "$program" | sed 's/^ *\[ *[0-9]*\] *//' | awk '$1 == ".rodata" { print $3 }')
nm "$program.dbg" | awk -v "end=$end" '$2 ~ /^[tTWi]$/ && "x" $1 < "x" end && $3 !~ /^csrun_(spawn|signal)|^__(start|stop)_/ { print $1, $3 }' |
    sort >"$work/functions"
cut -d ' ' -f 1 "$work/functions" >"$work/addresses"

# trace CONFIG ARGUMENT...: adds one command.
traces=0
trace() {
    cp "$work/$1.json" "$work/bundle/config.json"
    shift
    traces=$((traces + 1))
    "$work/trace" "$work/addresses" "$work/trace.$traces" "$program" --root "$work/state" "$@" >/dev/null
}
create() { trace "$1" --log "$work/log" --log-format json create --bundle "$work/bundle" --pid-file "$work/pid" $id </dev/null; }
for config in plain engine default; do
    trace $config run --bundle "$work/bundle" $id
    create $config
    trace $config state $id
    trace $config exec $id /exit
    trace $config --log "$work/log" --log-format json exec --process "$work/process.json" --detach --pid-file "$work/exec.pid" $id
    trace $config --log "$work/log" --log-format json start $id
    trace $config list
    trace $config delete --force $id
    create $config
    trace $config kill $id KILL
    trace $config delete --force $id
done

# Of all functions those that most commands run come first, and among them those that run first.
awk '{ if (!($1 in times)) first[$1] = FNR; times[$1]++ } END { for (a in times) print times[a], first[a], a }' "$work"/trace.* |
    sort -k1,1nr -k2,2n -k3,3 | awk '{ printf "%016s\n", $3 }' | tr ' ' 0 >"$work/hot"

# Managed methods by name, for the compiler; where several have one body, by all their names. Addresses are compared as
# texts of one length: some would pass for numbers.
start=$(nm "$program.dbg" | awk '$3 == "__start___managedcode" { print $1 }')
stop=$(nm "$program.dbg" | awk '$3 == "__stop___managedcode" { print $1 }')
if [ -z "$start" ] || [ -z "$stop" ] || [ ! -s "$work/map" ]; then
    echo "build/order.sh: the build has no symbols or no map" >&2
    exit 1
fi
awk -v "start=$start" -v "stop=$stop" 'NR == FNR { names[$1] = names[$1] $2 "\n"; next } "x" $1 >= "x" start && "x" $1 < "x" stop { printf "%s", names[$1] }' "$work/functions" "$work/hot" \
    >"$work/methods.txt"

# The rest by input section, for the linker. The map has "SECTION ADDRESS SIZE FILE", with a line's break after a long name.
awk '/^ \.text/ && NF == 1 { section = $1; next } /^ +0x/ && section { $0 = section " " $0; section = "" } /^ ?\.text/ && NF == 4 && $3 != "0x0" { print substr($2, 3), $1, $4 }' "$work/map" |
    sort -u >"$work/sections"
{
    echo "/* Written by build/order.sh: the code of the C library and the managed runtime that every command runs, in one row. */"
    echo "SECTIONS { .hottext : {"
    awk -v "start=$start" -v "stop=$stop" '
        NR == FNR { address[NR] = $1; section[NR] = $2; file[NR] = $3; n = NR; next }
        "x" $1 >= "x" start && "x" $1 < "x" stop { next }
        { low = 1; high = n; while (low < high) { middle = int((low + high + 1) / 2); if ("x" address[middle] <= "x" $1) low = middle; else high = middle - 1 }
          if (file[low] !~ /\.a\(/) next
          split(file[low], part, /[()]/); sub(/.*\//, "*", part[1])
          spec = part[1] ":" part[2] "(" section[low] ")"
          if (!(spec in seen)) print "    " spec; seen[spec] = 1 }' "$work/sections" "$work/hot"
    echo "} } INSERT AFTER .text;"
} >"$work/native.ld"
mv "$work/methods.txt" "$work/native.ld" src/Runtime/Order/
echo "$(wc -l <src/Runtime/Order/methods.txt) methods, $(($(wc -l <src/Runtime/Order/native.ld) - 3)) sections"
