#!/bin/sh
# emotion-edge as this system's service, from a clone:
#
#   sudo ./install.sh             install, or upgrade: settings and log stay
#   sudo ./install.sh uninstall   stop it and remove it; settings and log stay
#   sudo ./install.sh purge       the same, and settings, log and the user edge go too
#
# Two environments, /opt/emotion-edge/a and /opt/emotion-edge/b, and a switch, /opt/emotion-edge/current.
# A new version goes into the one that is not in use; where it is not ready in 30 s, the switch goes back.
# EXTRAS=mqtt by default; PYTHON is the Python to use, 3.11 to 3.13. Needs its venv, and systemd.
set -eu

source=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=systemd/switch.sh
. "$source/systemd/switch.sh"
extras=${EXTRAS-mqtt}
python=${PYTHON:-python3}
units=/etc/systemd/system

say() { echo "install: $*" >&2; }
fail() { say "$2"; exit "$1"; }

# serve: the units as the environment in use has them, and the service started
serve() { "$current/bin/edge" service install >&2; }

# check: nothing is touched before all that is needed is there
check() {
    [ -d "${EDGE_SYSTEMD:-/run/systemd/system}" ] ||
        fail 3 "systemd does not run here: \`make demo\`, then .venv/bin/edge run, needs none"
    command -v "$python" >/dev/null || fail 3 "$python is missing: apt install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' ||
        fail 3 "$("$python" --version) is none of 3.11 to 3.13: name one, sudo PYTHON=python3.13 $0"
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail 3 "$python has no venv: apt install python3-venv"
}

# make_environment NAME: a fresh one there, with this clone's version in it
make_environment() {
    rm -rf "${HOME_DIR:?}/$1"
    # It sees the system's packages: picamera2 and PyAudio come from apt.
    "$python" -m venv --system-site-packages "$HOME_DIR/$1" || return
    # From a copy of what it is built of: what pip builds beside it would belong to root in your clone.
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    (cd "$source" && cp -r edge convert benchmarks systemd pyproject.toml README.md LICENSE "$copy") ||
        return
    # A person sees what pip fetches.
    quiet=--quiet
    [ ! -t 2 ] || quiet=
    limit=$(numpy_limit "$python")
    # shellcheck disable=SC2086  # $quiet is one word or none
    "$HOME_DIR/$1/bin/pip" install $quiet --disable-pip-version-check \
        "$copy${extras:+[$extras]}" ${limit:+"$limit"} >&2
}

install_or_upgrade() {
    say "1/4 looking at this system"
    check
    before=$(in_use) new=$(not_in_use)
    mkdir -p "$HOME_DIR"

    say "2/4 making $HOME_DIR/$new: fetches about 110 MB, takes a few minutes on a board"
    if ! make_environment "$new" || ! "$HOME_DIR/$new/bin/edge" --version >&2; then
        rm -rf "${HOME_DIR:?}/$new"
        rmdir "$HOME_DIR" 2>/dev/null || true
        fail 1 "this version cannot be installed, as said above: nothing was changed"
    fi

    say "3/4 starting the service, which has $PATIENCE_S s to be ready"
    # From here to the end, who stops this gets the version before.
    trap 'go_back "$before"' HUP INT TERM
    # Not copied while it is written; and a stop forgets the waits between restarts.
    [ -z "$before" ] || systemctl stop edge.service || true
    keep_log
    switch_to "$new"
    if serve && ready; then
        finish
    else
        go_back "$before"
    fi
}

finish() {
    trap - HUP INT TERM
    rm -rf "$copy_of_log" "${HOME_DIR:?}/$(not_in_use)"
    [ "$HOME_DIR" != /opt/emotion-edge ] ||
        ln -sfn "$current/bin/edge" "$current/bin/edge-bench" /usr/local/bin/
    say "4/4 what this device has, and what it lacks"
    "$current/bin/edge" doctor >&2 || true
    if page=$("$current/bin/edge" service page 2>/dev/null); then
        say "the service is ready: open $page"
    else
        say "the service is ready: edge service status"
    fi
}

# go_back NAME: the version before runs again; with none, what failed stays to be looked at
go_back() {
    trap '' HUP INT TERM
    [ -n "$1" ] || fail 1 "the service is not ready after $PATIENCE_S s: journalctl -u edge"
    systemctl stop edge.service || true
    switch_to "$1"
    give_log_back
    if ! serve || ! ready; then
        fail 1 "neither the new version nor the one before is ready: journalctl -u edge"
    fi
    fail 1 "the new version was not ready in $PATIENCE_S s (journalctl -u edge): the one before runs again"
}

uninstall() {
    if [ ! -e "$HOME_DIR" ] && [ ! -e "$units/edge.service" ]; then
        say "nothing is installed here"
        return
    fi
    if [ -x "$current/bin/edge" ]; then
        "$current/bin/edge" service uninstall >&2 || say "the units could not be removed: see above"
    fi
    rm -rf "$HOME_DIR/a" "$HOME_DIR/b" "$current" "$copy_of_log"
    rmdir "$HOME_DIR" 2>/dev/null || true
    for program in edge edge-bench; do
        [ ! -L /usr/local/bin/$program ] || rm -f /usr/local/bin/$program
    done
    say "removed $HOME_DIR. Settings and log stay; for good: sudo $0 purge"
}

purge() {
    uninstall
    rm -rf /etc/edge "$STATE_DIR" "$units/edge.service.d"
    if getent passwd edge >/dev/null; then
        userdel edge || say "the user edge stays: see above"
    fi
    say "removed /etc/edge, with the settings, and $STATE_DIR, with the log"
}

[ "$(id -u)" = 0 ] || fail 2 "this needs root: sudo $0 $*"
if [ -e "${EDGE_DPKG:-/var/lib/dpkg}/info/emotion-edge.postinst" ]; then
    fail 2 "the Debian package is installed: sudo apt remove emotion-edge first, or stay with it"
fi
case ${1-install} in
    install) install_or_upgrade ;;
    uninstall) uninstall ;;
    purge) purge ;;
    *) fail 2 "there is no '$1': give install, uninstall or purge" ;;
esac
