#!/usr/bin/env bash
# kernel.sh VERSION: makes a kernel of Debian's ready for QEMU and prints its directory, which then holds vmlinux,
# initrd and modules.img. Made once and cached.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tests/vm/lib.sh
. ./lib.sh

suite=$(suite_of_kernel "$1")
out=$cache/kernel-$1
if [ -e "$out/done" ]; then
    echo "$out"
    exit 0
fi
echo "tests/vm: fetching Linux $1" >&2
scratch

# linux-image-amd64 depends on the current image; newer suites split that into an image and its modules.
depends() { apt_of "$suite" apt-cache depends "$1" | sed -n "s/.*Depends: \(linux-\($2\)-[0-9].*\)/\1/p"; }
image=$(depends linux-image-amd64 image)
mapfile -t packages < <(echo "$image"; depends "$image" 'base\|binary\|modules')
(cd "$work" && apt_of "$suite" apt-get -qq download "${packages[@]}" >&2)
for package in "$work"/*.deb; do dpkg -x "$package" "$work/files"; done

# QEMU starts an uncompressed kernel by its PVH note; unpacking it under emulation would take seconds.
# The numbers' places are those of Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length.
compressed=$(find "$work/files" -name 'vmlinuz*')
number() { od -An -t"u$2" -j"$1" -N"$2" "$compressed" | tr -d ' '; }
tail -c +$(((($(number 497 1) + 1) * 512) + $(number 584 4) + 1)) "$compressed" | head -c "$(number 588 4)" >"$work/payload" || true
# A length follows the stream, at which the programs complain.
case $(od -An -tx1 -N4 "$work/payload" | tr -d ' ') in
    fd377a58) xz -dc --single-stream "$work/payload" ;;
    28b52ffd) zstd -dcq "$work/payload" ;;
    02214c18) lz4 -dcq "$work/payload" ;;
esac >"$work/vmlinux" 2>/dev/null || true
head -c 4 "$work/vmlinux" | grep -q ELF || die "cannot unpack $compressed"

modules=$(find "$work/files" -type d -path '*/modules/[0-9]*' -prune)
version=${modules##*/}
rm -rf "$modules"/kernel/{sound,drivers/{gpu,media,infiniband/hw,net/{ethernet,wireless},scsi,usb,iio,staging,hid,input}}
find "$modules" -name '*.ko.xz' -exec xz -d {} + -o -name '*.ko.zst' -exec zstd -qd --rm {} +
root=${modules%/lib/modules/*}
# Where /lib is no link, depmod looks there alone.
[ "$root" = "$work/files" ] || { mkdir -p "$work/files/lib"; mv "${modules%/*}" "$work/files/lib/modules"; }
depmod -b "$work/files" "$version"
mkfs.erofs --quiet "$work/modules.img" "$work/files/lib/modules" >&2

# The initrd: busybox, and what is needed to mount the root, numbered in the order of loading.
mkdir -p "$work"/initrd/{bin,dev,proc,sys,lower,upper,root,lib}
number=100
for module in virtio_pci virtio_blk virtio_rng 9p 9pnet_virtio erofs overlay ext4 fuse loop; do
    modprobe -d "$work/files" -S "$version" --show-depends $module 2>/dev/null || true
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    cp "$file" "$work/initrd/lib/$((number++))-${file##*/}"
done
cp /bin/busybox "$work/initrd/bin/"
cp initrd.sh "$work/initrd/init"
chmod +x "$work/initrd/init"
(cd "$work/initrd" && find . | cpio -o -H newc --quiet) >"$work/initrd.cpio"

rm -rf "$out"
mkdir "$out"
mv "$work/vmlinux" "$work/modules.img" "$out/"
mv "$work/initrd.cpio" "$out/initrd"
echo "$version" >"$out/done"
echo "$out"
