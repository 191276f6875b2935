#!/usr/bin/env bash
# The package on 64-bit Arm: Debian's bookworm (Python 3.11) and trixie (3.13) under emulation, what
# Raspberry Pi OS of both generations is made of. Installs the .deb as a board would, with apt, looks
# at it with `edge doctor`, does `edge demo` and `edge-bench run --quick`, holds the predictions against
# this machine's (the same labels, scores within 0.01), and boots bookworm in a container, where the
# service has to come up by itself. Emulated times say nothing.
#
#   sudo tests/rigs/arm64/run.sh [bookworm] [trixie]      what `make test-arm64` calls, with both
#
# Root; needs debootstrap, qemu-user-static, systemd-container and the network. EDGE_ARM64 keeps the two
# bare systems between runs (0.4 GB each), DEB is a package that is built already, PYTHON the Python
# that runs this tree, EDGE_DATA (else ../shared/data) the clips and faces that are compared too, where
# they are. Half an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/../../.."

here=tests/rigs/arm64
python=${PYTHON:-python3}
base=${EDGE_ARM64:-/var/tmp/edge-arm64}
data=${EDGE_DATA:-../shared/data}
[ $# -gt 0 ] || set -- bookworm trixie
binfmt=/proc/sys/fs/binfmt_misc

[ "$(id -u)" = 0 ] || { echo "chroot and mount need root: run it with sudo" >&2; exit 3; }
for tool in debootstrap qemu-aarch64-static dpkg-deb systemd-nspawn; do
    command -v $tool >/dev/null || { echo "$tool is missing: apt-get install debootstrap qemu-user-static systemd-container" >&2; exit 3; }
done

work=$(mktemp -d /var/tmp/edge-arm64.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

# Arm programs start by themselves once the kernel knows who interprets them.
teach_kernel() {
    [ "$(uname -m)" != aarch64 ] || return 0
    [ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt
    [ -e $binfmt/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$binfmt/register
}

# A system as it is before anybody installs the package. Whole or not there at all.
bare() {
    local suite=$1
    [ ! -e "$base-$suite/.whole" ] || return 0
    rm -rf --one-file-system "$base-$suite"
    echo "$suite: a bare arm64 system in $base-$suite"
    # Not --foreign: so debootstrap itself runs as it is, and only what it installs is emulated.
    QEMU_CPU=$board debootstrap --arch=arm64 --variant=minbase \
        --include=systemd,systemd-sysv,dbus,python3,python3-venv "$suite" "$base-$suite" >"$work/log"
    touch "$base-$suite/.whole"
}

# bookworm as a Raspberry Pi 4 has it and trixie as a 5: the networks use other instructions there.
# Where /proc/cpuinfo is not that processor's but this machine's, LiteRT's cpuinfo library crashes.
be_board() {
    local part=0xd08 features="fp asimd evtstrm crc32 cpuid"
    board=cortex-a72
    if [ "$1" = trixie ]; then
        board=cortex-a76 part=0xd0b
        features="fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
    fi
    for number in $(seq 0 $(($(nproc) - 1))); do
        printf '%s\t: %s\n' processor "$number" BogoMIPS 108.00 Features "$features" \
            "CPU implementer" 0x41 "CPU architecture" 8 "CPU variant" 0x0 "CPU part" $part "CPU revision" 3
        echo
    done >"$work/cpuinfo"
}

# A command inside the system; its mounts end with it.
inside() {
    # shellcheck disable=SC2016  # the inner shell expands it
    QEMU_CPU=$board unshare --mount --propagation private bash -euc '
        root=$1 cpuinfo=$2; shift 2
        mount --rbind /proc "$root/proc"
        mount --bind "$cpuinfo" "$root/proc/cpuinfo"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
            QEMU_CPU=$QEMU_CPU DEBIAN_FRONTEND=noninteractive "$@"
    ' - "$1" "$work/cpuinfo" "${@:2}"
}

# What both machines are asked; the tree's own answers lie in $work/here.
gather() {
    mkdir -p "$work/cases"
    "$python" $here/cases.py "$work/cases" "$data"
    "$python" $here/predictions.py "$work/cases" "$work/here.json"
}

check() {
    local suite=$1
    local root=$work/$suite
    be_board "$suite"
    bare "$suite"
    cp -a "$base-$suite" "$root"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    cp "$deb" "$root/root/emotion-edge.deb"
    cp -r "$work/cases" $here/predictions.py "$root/root/"

    echo "== $suite: apt install ./emotion-edge.deb"
    inside "$root" apt-get update -qq || echo "$suite: no network inside, so without what is recommended"
    inside "$root" sh -c 'apt-get install -qq -y /root/emotion-edge.deb ||
        apt-get install -qq -y --no-install-recommends /root/emotion-edge.deb' >"$work/log" 2>&1 ||
        { tail -20 "$work/log" >&2; fail "$suite: the package does not install"; }
    inside "$root" /opt/emotion-edge/current/bin/python -c 'import platform, sys
print(platform.machine(), "Python", platform.python_version()); sys.exit(platform.machine() != "aarch64")'
    [ -L "$root/etc/systemd/system/multi-user.target.wants/edge.service" ] ||
        fail "$suite: the service would not start at boot"

    echo "== $suite: the units, by this system's own systemd"
    inside "$root" systemctl --version | head -1
    inside "$root" systemd-analyze verify edge.service edge-retention.timer 2>&1 | tee "$work/verify"
    [ ! -s "$work/verify" ] || fail "$suite: systemd-analyze verify has something to say"
    inside "$root" systemd-analyze security --offline=true --threshold=20 --no-pager \
        /lib/systemd/system/edge.service | tail -1

    echo "== $suite: edge doctor"
    inside "$root" edge doctor
    echo "== $suite: edge demo"
    inside "$root" edge demo 2>&1 | tee "$work/demo"
    grep -q 'events: [1-9]' "$work/demo" || fail "$suite: the demo saw nothing"
    inside "$root" edge log stats --log /root/.local/state/emotion-edge/demo.sqlite
    # All of it, each once, on a second of film: times say nothing here.
    echo "== $suite: edge-bench run --quick"
    inside "$root" edge-bench run --quick --rounds 1 --threads 1 --models edge_net,audio_crnn \
        --clip /root/cases/film.avi --json /root/bench.json
    echo "== $suite: predictions beside $(uname -m)'s"
    inside "$root" /opt/emotion-edge/current/bin/python /root/predictions.py /root/cases /root/there.json
    "$python" $here/compare.py "$work/here.json" "$root/root/there.json" ||
        fail "$suite: the predictions differ"
    echo "== $suite: boot"
    if [ "$suite" = trixie ]; then
        # Its systemd 257 starts no unit at all under QEMU 7.2's user emulation: each ends as "resources".
        echo "left out: this systemd does not boot under emulation"
    else
        PYTHON=$python $here/boot.sh "$root" "$work/cpuinfo" || fail "$suite: the service"
    fi
    echo "ok: $suite"
    rm -rf --one-file-system "$root"
}

teach_kernel
gather
deb=${DEB:-$(PYTHON_BIN=$python systemd/deb/build arm64 3.11 3.13)}
for suite in "$@"; do
    check "$suite"
done
echo PASSED
