#!/usr/bin/env bash
# image.sh SUITE: makes a root file system of Debian's packages (bookworm: systemd 252, trixie: 257) that runs one
# script after it has booted, and prints its file. Made once and cached.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tests/vm/lib.sh
. ./lib.sh

suite=$1
# What the image is made of is part of its name: a change makes another one.
out=$cache/image-$suite-$(md5sum <image.sh | head -c 8)
if [ -e "$out/root.img" ]; then
    echo "$out/root.img"
    exit 0
fi
echo "tests/vm: making an image of Debian $suite" >&2
scratch
root=$work/root

packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,passwd,util-linux,procps,iproute2,uidmap,kmod
packages+=,busybox-static,strace,libseccomp2,libstdc++6,runc,crun,e2fsprogs
apt_of "$suite"
mmdebstrap --variant=essential --include="$packages" --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$root" "$cache/apt/$suite/list" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "mmdebstrap failed"; }

rm -rf "$root"/var/log/*
: >"$root/etc/fstab"
mkdir -p "$root"/{scratch,results,usr/lib/modules,var/lib/systemd/linger} "$root/etc/systemd/system/user@.service.d"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
echo vm >"$root/etc/hostname"
echo '127.0.0.1 localhost vm' >"$root/etc/hosts"

# A user with a systemd of his own from the start, and ids to give to his containers.
chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash tester
echo tester:100000:65536 | tee "$root/etc/subuid" >"$root/etc/subgid"
touch "$root/var/lib/systemd/linger/tester"
printf '[Service]\nDelegate=yes\n' >"$root/etc/systemd/system/user@.service.d/delegate.conf" # all controllers, not only memory and pids

# Whatever csrun.checkout names has the script. systemd ends the machine when it has ended.
cat >"$root/etc/systemd/system/guest.service" <<'UNIT'
[Unit]
After=multi-user.target user@1000.service
SuccessAction=poweroff-immediate
FailureAction=poweroff-immediate
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'exec $(sed -n "s/.*csrun\\.checkout=\\([^ ]*\\).*/\\1/p" /proc/cmdline)/tests/vm/guest.sh </dev/ttyS1 >/dev/ttyS1 2>&1'
TasksMax=infinity
[Install]
WantedBy=graphical.target
UNIT

# Some of these are not in every suite.
control() { chroot "$root" systemctl -q "$@" 2>/dev/null || true; }
control set-default graphical.target
control enable guest
# No udev, and nothing else at boot that a machine for one script can do without: emulated, each takes its tenth of a second.
control mask getty.target {cryptsetup,integritysetup,veritysetup,remote-fs}.target systemd-initctl.socket \
    systemd-{firstboot,sysusers,machine-id-commit,random-seed,boot-random-seed,pstore,repart,update-utmp,journal-flush} \
    systemd-{update-utmp-runlevel,binfmt,modules-load,remount-fs,pcrphase,pcrphase-sysinit,tpm2-setup,tpm2-setup-early} \
    systemd-{networkd,resolved,timesyncd} systemd-ask-password-{console,wall}.path sys-kernel-{tracing,config}.mount \
    proc-sys-fs-binfmt_misc.automount kmod-static-nodes {fstrim,dpkg-db-backup,systemd-tmpfiles-clean}.timer

mkdir -p "$out"
mkfs.erofs --quiet "$work/root.img" "$root" >&2
mv "$work/root.img" "$out/"
echo "$out/root.img"
