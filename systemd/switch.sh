# shellcheck shell=sh
# Two environments, $HOME_DIR/a and $HOME_DIR/b, and $HOME_DIR/current, the link that says which one the
# service runs. install.sh and the Debian package's postinst source this.

HOME_DIR=${EDGE_HOME:-/opt/emotion-edge}
STATE_DIR=${EDGE_STATE:-/var/lib/edge}
PATIENCE_S=${EDGE_PATIENCE_S:-30}
# One that is ready and dies within this time was not ready.
PROBATION_S=${EDGE_PROBATION_S:-3}
current=$HOME_DIR/current
copy_of_log=$HOME_DIR/log-before

# in_use: a, b, or nothing before the first installation
in_use() { readlink "$current" 2>/dev/null || true; }

# not_in_use: the place for a new version
not_in_use() { if [ "$(in_use)" = a ]; then echo b; else echo a; fi; }

# switch_to NAME: `current` is that environment from now on, at once
switch_to() {
    ln -sfn "$1" "$current.new"
    mv -T "$current.new" "$current"
}

# numpy_limit PYTHON: what else pip is to install. bookworm's picamera2 is built for numpy 1, and sees
# the environment's.
numpy_limit() { "$1" -c 'import sys; print("numpy<2" * (sys.version_info[:2] == (3, 11)))'; }

# ready: whether the service has said READY within the time it has, and stays up
ready() {
    left=$PATIENCE_S
    until systemctl is-active --quiet edge.service; do
        [ "$left" -gt 0 ] || return 1
        left=$((left - 1))
        sleep 1
    done
    sleep "$PROBATION_S"
    systemctl is-active --quiet edge.service
}

# keep_log: the log as the version before leaves it. A newer one may bring it up to a form that an older
# one cannot read.
keep_log() {
    rm -rf "$copy_of_log"
    ls "$STATE_DIR"/log.sqlite* >/dev/null 2>&1 || return 0
    mkdir -m 700 "$copy_of_log"
    cp -a "$STATE_DIR"/log.sqlite* "$copy_of_log/"
}

# give_log_back: the copy takes the log's place where the version in use cannot read what is there.
# As the log's owner: SQLite's own files beside it are to be the service's.
give_log_back() {
    [ -d "$copy_of_log" ] || return 0
    if ! runuser -u edge -- "$current/bin/edge" log stats --log "$STATE_DIR/log.sqlite" >/dev/null 2>&1; then
        rm -f "$STATE_DIR"/log.sqlite*
        cp -a "$copy_of_log"/log.sqlite* "$STATE_DIR/"
    fi
    rm -rf "$copy_of_log"
}
