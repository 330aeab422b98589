#!/usr/bin/env bash
# Installs what a build (and, with `test`, the suites and benchmarks) needs from Debian, if it is missing.
# Usage: build/deps.sh build|run|test|engines|packages|bench|fuzz|arm64 ...
set -euo pipefail

want=()
for set in "$@"; do
    case $set in
        build) want+=(gcc libc6-dev binutils) ;;
        run) want+=(busybox-static) ;;
        test) want+=(libseccomp2 golang-github-containers-common busybox-static strace shellcheck uidmap runc crun util-linux procps iproute2) ;;
        engines) want+=(busybox-static runc crun containerd podman conmon netavark catatonit docker.io iptables iproute2) ;;
        packages) want+=(mmdebstrap xz-utils) ;;
        bench) want+=(busybox-static hyperfine runc crun time jq golang-github-containers-common) ;;
        fuzz) want+=(afl++) ;;
        vm) want+=(qemu-system-x86 mmdebstrap erofs-utils e2fsprogs kmod busybox-static cpio xz-utils zstd lz4 debian-archive-keyring) ;;
        arm64) want+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user) ;;
        *) echo "build/deps.sh: unknown set '$set'" >&2; exit 2 ;;
    esac
done

missing=()
for package in "${want[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done

if ! command -v dotnet >/dev/null; then
    echo "build/deps.sh: the .NET 10 SDK is needed: https://dotnet.microsoft.com/download" >&2
    exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "build/deps.sh: please install as root: apt-get install ${missing[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { cat "$log" >&2; exit 1; }
