# shellcheck shell=bash
# A system in a container with a systemd of its own, for the rigs that source this. Root; needs
# debootstrap and systemd-container.
#
#   need_container                       exits with 3 where a tool is missing
#   bare_system SUITE DIR PACKAGE…       DIR is that system, made once
#   boot ROOT [NSPAWN OPTION…]           boots it; ends with `power_off`
#   inside COMMAND…                      in the booted system
#   until_ SECONDS WHAT COMMAND…         the command succeeds within that many seconds
#   fail WHAT                            says so, shows the service's journal, exits with 1
# PATIENCE=3 suits a machine that is busy: every wait is so many times as long, the installer's too.

leader=""
nspawn=""
# What a new version has to be ready in: 30 s, as people have it.
patience_s=$((30 * ${PATIENCE:-1}))

need_container() {
    local tool
    for tool in debootstrap systemd-nspawn nsenter; do
        command -v $tool >/dev/null ||
            { echo "$tool is missing: apt-get install debootstrap systemd-container" >&2; exit 3; }
    done
    [ "$(id -u)" = 0 ] || { echo "a container needs root: run it with sudo" >&2; exit 3; }
}

bare_system() {
    local suite=$1 place=$2; shift 2
    [ ! -e "$place/.whole" ] || return 0
    rm -rf --one-file-system "$place"
    echo "$suite: a bare system in $place"
    local packages=systemd,systemd-sysv,dbus,ca-certificates from=()
    if [ ! -e "/usr/share/keyrings/debian-archive-$suite-automatic.gpg" ]; then
        # Ubuntu's, from Debian: its keys are in ubuntu-keyring.
        from=(http://archive.ubuntu.com/ubuntu gutsy)
    fi
    debootstrap --variant=minbase --components=main,universe --include=$packages \
        "$suite" "$place" "${from[@]}" >/dev/null
    cp -L /etc/resolv.conf "$place/etc/resolv.conf"
    chroot "$place" env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null' - "$@"
    touch "$place/.whole"
}

boot() {
    local root=$1; shift
    systemd-nspawn -q -D "$root" -b --register=no --keep-unit --console=pipe "$@" </dev/null \
        >"$root.console" 2>&1 &
    nspawn=$!
    until_ 60 "it boots" booted
}

booted() {
    leader=$(pgrep -P "$nspawn" | head -1 || true)
    [ -n "$leader" ] && inside systemctl is-system-running 2>/dev/null | grep -qE "running|degraded"
}

# Not by killing nspawn: that would leave the container behind.
power_off() {
    [ -z "$leader" ] || inside systemctl poweroff || true
    [ -z "$nspawn" ] || wait "$nspawn" || true
    leader="" nspawn=""
}

# With the container's environment, and nothing of this machine's.
inside() {
    nsenter -t "$leader" -m -u -i -p -n -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LANG=C.UTF-8 EDGE_PATIENCE_S="$patience_s" "$@"
}

fail() {
    echo "FAILED: $*" >&2
    [ -z "$leader" ] || inside journalctl --no-pager -n 60 >&2 || true
    exit 1
}

until_() {
    local end=$((SECONDS + $1 * ${PATIENCE:-1})) what=$2; shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "waited in vain for: $what"
        sleep 0.5
    done
    echo "ok: $what"
}
