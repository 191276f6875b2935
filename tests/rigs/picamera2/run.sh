#!/usr/bin/env bash
# Runs edge.sources.video.picamera against the real Picamera2 class, with no Raspberry Pi.
#
# libcamera's "virtual" pipeline stands in for the sensor. It comes with Debian trixie, so a small
# trixie system is installed once (about 1.2 GB) under ${XDG_CACHE_HOME:-.cache}/emotion-edge and
# used by chroot. Needs root, debootstrap and the network; the second run needs only root.
#
#   sudo tests/rigs/picamera2/run.sh            # what `make test-picamera2` calls
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../../.." && pwd)
cache=${XDG_CACHE_HOME:-$repository/.cache}/emotion-edge
system=$cache/trixie-picamera2

say() { echo "picamera2 rig: $*" >&2; }

if [ "$(id -u)" != 0 ]; then
    say "chroot and mount need root: run it with sudo"
    exit 3
fi
if ! command -v debootstrap >/dev/null; then
    say "debootstrap is not installed: apt install debootstrap"
    exit 3
fi

# Run a command inside the system. The mounts live in a namespace of their own and end with it.
inside() {
    # shellcheck disable=SC2016  # the inner shell expands it
    unshare --mount --propagation private bash -euc '
        system=$1 repository=$2
        shift 2
        mount --rbind /proc "$system/proc"
        mount --rbind /sys "$system/sys"
        mount --rbind /dev "$system/dev"
        mount --bind -o ro "$repository" "$system/repository"
        exec chroot "$system" "$@"
    ' - "$system" "$repository" "$@"
}

install_system() {
    say "installing Debian trixie into $system"
    rm -rf --one-file-system "$system"
    mkdir -p "$system"
    debootstrap --variant=minbase trixie "$system"
    mkdir -p "$system/repository"
    # The host's way to the network: name servers and certificate authorities.
    cp -L /etc/resolv.conf /etc/hosts "$system/etc/"
    inside env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates python3-libcamera libcamera-ipa python3-venv python3-dev gcc libc6-dev \
        libcap-dev
    if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
        cp -L /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/ca-certificates.crt"
    fi
    inside python3 -m venv --system-site-packages /venv
    # The one place where pip installs picamera2: this throw-away system has no apt package of it.
    inside /venv/bin/pip install --quiet picamera2 "opencv-python-headless>=4.10,<5" "pydantic>=2.7"
    touch "$system/.ready"
}

[ -e "$system/.ready" ] || install_system

cp "$here/udmabuf.c" "$here/virtual.yaml" "$system/tmp/"
inside mkdir -p /usr/share/libcamera/pipeline/virtual
inside cp /tmp/virtual.yaml /usr/share/libcamera/pipeline/virtual/virtual.yaml
inside gcc -O1 -Wall -shared -fPIC -o /tmp/udmabuf.so /tmp/udmabuf.c
inside env LD_PRELOAD=/tmp/udmabuf.so PYTHONPATH=/repository PYTHONDONTWRITEBYTECODE=1 \
    LIBCAMERA_LOG_LEVELS='*:ERROR' \
    /venv/bin/python /repository/tests/rigs/picamera2/check.py
