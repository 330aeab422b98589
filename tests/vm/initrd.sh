#!/bin/busybox sh
# The virtual machine's first program: a root of which every change is lost. /dev/vda is the image, vdb the kernel's
# modules, vdc what is to be tested, vdd an empty ext4 for /tmp (an overlay cannot be on top of another one's upper).
# shellcheck shell=sh
for command in mount mkdir insmod switch_root chmod sed cat; do
    # shellcheck disable=SC2139
    alias $command="/bin/busybox $command"
done
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /lib/*.ko; do insmod "$module"; done
[ ! -e /dev/fuse ] || chmod 666 /dev/fuse
mount -t tmpfs -o mode=755 upper /upper
mkdir /upper/files /upper/work
mount -t erofs -o ro /dev/vda /lower
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work root /root
mount -t erofs -o ro /dev/vdb /root/usr/lib/modules
mount -t ext4 /dev/vdd /root/scratch
chmod 1777 /root/scratch
mount -o bind /root/scratch /root/tmp
# The checkout stands where it stands on the host: its tests know the place.
checkout=$(sed -n 's/.*csrun\.checkout=\([^ ]*\).*/\1/p' /proc/cmdline)
mkdir -p "/root$checkout"
mount -t erofs -o ro /dev/vdc "/root$checkout"
mkdir -p /root/results
mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072 results /root/results
for directory in dev proc sys; do mount -o move /$directory /root/$directory; done
exec /bin/busybox switch_root /root /lib/systemd/systemd
