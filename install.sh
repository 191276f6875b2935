#!/bin/sh
# emotion-edge as this system's service, from a clone:
#
#   sudo ./install.sh             install, or upgrade: settings and log stay
#   sudo ./install.sh uninstall   stop it and take it away; settings and log stay
#
# Two environments, $HOME_DIR/a and $HOME_DIR/b, and a switch, $HOME_DIR/current. A new version goes
# into the one that is not in use; where it is not ready in 30 s, the switch goes back.
# EXTRAS=mqtt by default. Needs python3 (3.11 or newer), python3-venv and systemd.
set -eu

HOME_DIR=${EDGE_HOME:-/opt/emotion-edge}
PATIENCE_S=${EDGE_PATIENCE_S:-30}
extras=${EXTRAS-mqtt}
source=$(cd "$(dirname "$0")" && pwd)
current=$HOME_DIR/current

say() { echo "install: $*" >&2; }
fail() { say "$2"; exit "$1"; }

# switch_to NAME: `current` is that environment from now on, at once
switch_to() {
    ln -sfn "$1" "$current.new"
    mv -T "$current.new" "$current"
}

# serve: the units as the environment in use has them, and the service begun again
serve() { "$current/bin/edge" service install >&2; }

ready() {
    left=$PATIENCE_S
    until systemctl is-active --quiet edge.service; do
        [ "$left" -gt 0 ] || return 1
        left=$((left - 1))
        sleep 1
    done
}

take_away() {
    if [ -x "$current/bin/edge" ]; then
        "$current/bin/edge" service uninstall
    fi
    rm -rf "$HOME_DIR/a" "$HOME_DIR/b" "$current"
    rmdir "$HOME_DIR" 2>/dev/null || true
    rm -f /usr/local/bin/edge
    say "removed $HOME_DIR"
}

install_or_upgrade() {
    command -v systemctl >/dev/null || fail 3 "there is no systemd here: use \`make demo\` and .venv/bin/edge run"
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail 3 "python3 3.11 or newer with its venv is missing: apt install python3-venv"
    before=$(readlink "$current" 2>/dev/null || true)
    [ "$before" = a ] && new=b || new=a

    say "making $HOME_DIR/$new, a few minutes on a board"
    mkdir -p "$HOME_DIR"
    rm -rf "${HOME_DIR:?}/$new"
    # It sees the system's packages: picamera2 and PyAudio come from apt.
    python3 -m venv --system-site-packages "$HOME_DIR/$new"
    # From a copy: what pip builds beside the sources would belong to root in your clone.
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    tar -C "$source" --exclude=./.venv --exclude=./.git --exclude=./runs -cf - . | tar -C "$copy" -xf -
    "$HOME_DIR/$new/bin/pip" install --quiet --disable-pip-version-check \
        "$copy${extras:+[$extras]}" || fail 1 "pip failed: nothing was changed"
    "$HOME_DIR/$new/bin/edge" --version >&2 || fail 1 "the new version does not start: nothing was changed"

    switch_to "$new"
    if serve && ready; then
        [ "$HOME_DIR" != /opt/emotion-edge ] || ln -sfn "$current/bin/edge" /usr/local/bin/edge
        say "the service is ready: edge service status; settings: /etc/edge/edge.toml"
        "$current/bin/edge" doctor || true
        return
    fi
    if [ -z "$before" ]; then
        fail 1 "the service is not ready after $PATIENCE_S s: journalctl -u edge"
    fi
    switch_to "$before"
    if ! serve || ! ready; then
        fail 1 "neither the new version nor the one before is ready: journalctl -u edge"
    fi
    fail 1 "the new version was not ready in $PATIENCE_S s: the one before runs again"
}

[ "$(id -u)" = 0 ] || fail 2 "this needs root: sudo $0 $*"
if dpkg -s emotion-edge >/dev/null 2>&1; then
    fail 2 "the Debian package is installed: sudo apt remove emotion-edge first, or stay with it"
fi
case ${1-install} in
    install) install_or_upgrade ;;
    uninstall) take_away ;;
    *) fail 2 "there is no '$1': give install or uninstall" ;;
esac
