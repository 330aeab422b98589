#!/usr/bin/env bash
# The Debian package in a clean root: it installs, upgrades, works, and is removed without a trace; and what is packed
# twice is the same, byte for byte. Each check is a line; any that fails fails the script.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" -eq 0 ] || { echo "tests/packages/run.sh: please run as root" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() { # check TEXT COMMAND...
    if "${@:2}" >"$work/log" 2>&1; then echo "ok    $1"; else echo "FAIL  $1"; sed 's/^/      /' "$work/log"; failed=1; fi
}

build/package.sh release x64 "$work/one"
build/package.sh release x64 "$work/two"
VERSION=0.0.0-0 build/package.sh deb x64 "$work/old"
check "packed twice, the same bytes" diff -r "$work/one" "$work/two"

root=$work/root
timeout 300 mmdebstrap --quiet --variant=essential bookworm "$root"
install -m 0644 "$work"/one/*.deb "$root/new.deb"
install -m 0644 "$work"/old/*.deb "$root/old.deb"
# With /proc, in a mount namespace of its own: nothing stays mounted.
inside() {
    # shellcheck disable=SC2016
    unshare --mount --propagation private sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' "$root" "$@"
}
# What dpkg notes for itself is no trace.
files() { (cd "$root" && find . -path ./var/lib/dpkg -prune -o -path ./var/log -prune -o -print | LC_ALL=C sort); }
files >"$work/before"

check "installs" inside dpkg --install /old.deb
check "upgrades" inside dpkg --install /new.deb
# shellcheck disable=SC2016
check "is of the new version" test "$(inside dpkg-query -W -f '${Version}' csrun)" = "$(dpkg-deb -f "$root/new.deb" Version)"
check "has the files that it says" inside dpkg --verify csrun
check "runs" inside csrun --version
check "knows what it supports" inside csrun features
# shellcheck disable=SC2016
check "plans a container" inside sh -c '
    mkdir -p /tmp/b/rootfs/bin /tmp/b/rootfs/proc /tmp/b/rootfs/dev /tmp/b/rootfs/sys && cd /tmp/b && csrun spec && csrun plan /tmp/b >/tmp/plan && test -s /tmp/plan; code=$?; rm -r /tmp/b /tmp/plan; exit $code'
for file in share/man/man8/csrun.8.gz share/bash-completion/completions/csrun share/zsh/vendor-completions/_csrun \
    share/fish/vendor_completions.d/csrun.fish share/doc/csrun/copyright share/doc/csrun/changelog.gz share/doc/csrun/podman/50-csrun.conf; do
    check "has /usr/$file" test -s "$root/usr/$file"
done
check "is removed" inside dpkg --purge csrun
files >"$work/after"
check "leaves no trace" diff "$work/before" "$work/after"

check "the tarball's program runs" sh -c "tar -C '$work' -xzf '$work'/one/csrun-*-linux-x64.tar.gz && '$work'/csrun-*/bin/csrun --version"
check "the SBOM names the program's bytes" grep -q "$(sha256sum <out/csrun | cut -d ' ' -f 1)" "$work"/one/csrun-*-linux-x64.spdx.json
exit $failed
