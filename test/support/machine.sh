#!/bin/sh
# A machine to throw away: everything of this one, copied when it is written to, with a network of its own on which
# 192.0.2.53 is an address, and its own processes. `unshare --mount --net sh machine.sh FOLDER CHECKOUT [systemd]` runs
# FOLDER/script in it, with systemd as its first process where that is asked for, and leaves what it printed in
# FOLDER/output and its exit code in FOLDER/code.
set -e
if [ "$1" != inside ]; then
  # A control group of its own, or the systemd of one machine would end the services of another.
  mkdir "$1/groups"
  mount -t cgroup2 cgroup2 "$1/groups"
  group=$1/groups/${1##*/}
  mkdir "$group"
  end() {
    kill -9 $! 2>/dev/null || :
    wait || :
    for try in 1 2 3 4 5 6 7 8 9; do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.2
    done
  }
  trap end EXIT
  trap 'exit 1' TERM
  (echo 0 >"$group/cgroup.procs"; exec unshare --mount --cgroup --pid --fork --kill-child sh "$0" inside "$@") &
  wait $!
  exit
fi
shift
folder=$1 checkout=$2 init=$3
cd "$folder"
mkdir disk
mount -t tmpfs tmpfs disk
cd disk
mkdir upper work upper-checkout work-checkout root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount -t tmpfs tmpfs root/tmp
mkdir -p "root$checkout"
mount -t overlay overlay -o "lowerdir=$checkout,upperdir=upper-checkout,workdir=work-checkout" "root$checkout"
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys
mkdir -p root/sys/fs/cgroup
mount -t cgroup2 cgroup2 root/sys/fs/cgroup
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/dev
for device in null zero full random urandom tty; do
  touch root/dev/$device
  mount --bind /dev/$device root/dev/$device
done
ln -s /proc/self/fd root/dev/fd
ln -s pts/ptmx root/dev/ptmx
ln -s fd/0 root/dev/stdin
ln -s fd/1 root/dev/stdout
ln -s fd/2 root/dev/stderr
mkdir root/run/test
mount --bind "$folder" root/run/test
ip link set lo up
ip address add 192.0.2.53/32 dev lo
cat >root/run/test.sh <<SCRIPT
cd $checkout
sh /run/test/script >/run/test/output 2>&1 </dev/null
echo \$? >/run/test/code
SCRIPT
# The copy becomes the root itself, not by chroot: systemd mounts below it for its units.
cd root
pivot_root . mnt
umount -l mnt
if [ "$init" != systemd ]; then
  exec chroot . /bin/sh /run/test.sh
fi
# No unit of this machine starts, only what systemd itself needs and the script.
rm -f etc/systemd/system/*.wants/*
cat >etc/systemd/system/test.service <<UNIT
[Unit]
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
Environment=PATH=$PATH HOME=$HOME
ExecStart=/bin/sh /run/test.sh
UNIT
mkdir -p etc/systemd/system/basic.target.d
printf '[Unit]\nWants=test.service\n' >etc/systemd/system/basic.target.d/test.conf
export container=other
exec chroot . /lib/systemd/systemd --system --unit=basic.target
