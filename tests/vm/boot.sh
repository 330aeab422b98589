#!/usr/bin/env bash
# boot.sh CHECKOUT-IMAGE RESULTS SECONDS: boots a virtual machine that runs tests/vm/guest.sh of the image and ends with
# it; what that prints comes out here, the files it writes to /results are in the directory RESULTS, its exit status
# is in RESULTS/status. Set by the environment:
#   KERNEL   5.10, 6.1 (default), 6.12, newest
#   IMAGE    bookworm (default: systemd 252), trixie (257)
#   CGROUPS  v2 (default), hybrid (v1 and systemd's own tree on v2), v1
#   GUEST    what guest.sh does: the arguments that it gets
# QEMU emulates the machine (TCG): nothing of the host is needed for that, and it is slow, so no times are measured in it.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tests/vm/lib.sh
. ./lib.sh

checkout=$1 results=$2 seconds=$3
kernel=$(./kernel.sh "${KERNEL:-6.1}")
image=$(./image.sh "${IMAGE:-bookworm}")
repository=$(realpath ../..)
scratch
truncate -s 4G "$work/scratch.img"
mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 "$work/scratch.img"

# norandmaps: QEMU takes code that it has translated again only at the address where it was.
append="console=ttyS0 quiet loglevel=4 mitigations=off nokaslr norandmaps no_timer_check tsc=reliable cryptomgr.notests
    random.trust_cpu=on panic=-1 systemd.show_status=0 csrun.checkout=$repository swapaccount=1"
case ${CGROUPS:-v2} in
    v2) append+=" systemd.unified_cgroup_hierarchy=1" ;;
    hybrid) append+=" systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0" ;;
    v1) append+=" systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1" ;;
    *) die "no such cgroups: $CGROUPS (v2, hybrid or v1)" ;;
esac
echo "${GUEST:-}" >"$results/arguments"

drives=()
for file in "$image,readonly=on" "$kernel/modules.img,readonly=on" "$checkout,readonly=on" "$work/scratch.img,discard=unmap"; do
    drives+=(-drive "if=virtio,format=raw,file=$file")
done
status=0
timeout --foreground --kill-after=5 "$seconds" qemu-system-x86_64 -M pc -accel tcg,thread=multi,tb-size=512 \
    -cpu Haswell-noTSX,-x2apic,-pcid,-invpcid,-tsc-deadline -smp 2 -m "${MEMORY:-3072}" -nodefaults -no-user-config -display none \
    -no-reboot -rtc base=utc -kernel "$kernel/vmlinux" -initrd "$kernel/initrd" -append "${append//$'\n'/ }" \
    -chardev "file,id=console,path=$results/console" -serial chardev:console -chardev stdio,id=output,signal=off -serial chardev:output \
    -device virtio-rng-pci -fsdev "local,id=results,path=$results,security_model=none" \
    -device virtio-9p-pci,fsdev=results,mount_tag=results "${drives[@]}" || status=$?
if [ "$status" -ne 0 ]; then
    tail -n 30 "$results/console" >&2
    [ "$status" -ne 124 ] || die "not at its end after $seconds seconds"
    die "QEMU ended with $status"
fi
[ -e "$results/status" ] || { tail -n 30 "$results/console" >&2; die "the machine ended before its script"; }
