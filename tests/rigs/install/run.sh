#!/usr/bin/env bash
# The installations as a stranger does them, each on a fresh system with a systemd of its own, in a
# container without a network: a clone and one command, again, an upgrade, upgrades that fail in every
# way, removal; and the same with the Debian package.
#
#   sudo tests/rigs/install/run.sh [bookworm] [trixie] [noble] [--only clone|deb]
#                                             what `make test-install` calls, with bookworm and trixie
#
# Root; needs debootstrap, systemd-container, and the network for what is fetched first. EDGE_INSTALL
# keeps the bare systems and the wheels between runs (1 GB), PYTHON runs pip for them, PATIENCE=3 suits
# a machine that is busy. noble is Ubuntu 24.04 (needs ubuntu-keyring). About 5 minutes a system.
set -euo pipefail
cd "$(dirname "$0")/../../.."

# shellcheck source=tests/rigs/container.sh
. tests/rigs/container.sh
# shellcheck source=tests/rigs/install/wheels.sh
. tests/rigs/install/wheels.sh
here=tests/rigs/install
clone=/root/emotion-edge
suites=() only=""
while [ $# -gt 0 ]; do
    case $1 in
        --only) only=$2; shift ;;
        *) suites+=("$1") ;;
    esac
    shift
done
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
need_container

work=$(mktemp -d /var/tmp/edge-install.XXXXXX)
finish() { power_off; rm -rf --one-file-system "$work"; }
trap finish EXIT
ok() { echo "ok: $*"; }

# fresh SUITE: $root is that system, with the repository in /repo and the wheels in /wheels, booted
fresh() {
    bare_system "$1" "$keep/$1" git make python3 python3-venv
    gather "$(chroot "$keep/$1" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    root=$work/$1-$2
    cp -a "$keep/$1" "$root"
    write_pip_config "$root/etc/pip.conf"
    boot "$root" --private-network --bind-ro="$work/repo:/repo" --bind-ro="$keep/wheels:/wheels"
}

done_with() { power_off; rm -rf --one-file-system "$root"; }

shown() { inside systemctl show edge --property="$1" --value; }
active() { [ "$(shown ActiveState)" = active ]; }
page() { inside python3 -c "import urllib.request as u; u.urlopen(\"http://127.0.0.1:8787/\", timeout=$patience_s)"; }
version() { inside edge --version; }
# As the log's owner, which leaves no files of root's beside it.
events() {
    inside runuser -u edge -- edge log stats --json --log /var/lib/edge/log.sqlite |
        "$python" -c 'import json,sys; print(json.load(sys.stdin)["events"])'
}
events_beyond() { [ "$(events)" -gt "$1" ]; }
settings() { sha256sum "$root/etc/edge/edge.toml" "$root/etc/edge/edge.env" | cut -d ' ' -f 1; }

# must CODE COMMAND…: it ends with that code; what it says is in $said
must() {
    local code=$1 found=0; shift
    inside "$@" >"$work/said" 2>&1 </dev/null || found=$?
    said=$(cat "$work/said")
    [ "$found" = "$code" ] || fail "$* ended with $found, not $code: $said"
}
says() { case $said in *"$1"*) ;; *) fail "it does not say '$1': $said" ;; esac; }
serves() { active || fail "$1: the service is $(shown ActiveState)"; page >/dev/null || fail "$1: no page"; }

# A camera on loopback, of the installation's own Python, which a later one does not touch.
camera() {
    cp -a "$root/opt/emotion-edge/$(inside readlink /opt/emotion-edge/current)" "$root/opt/camera"
    inside systemd-run -q --unit=camera /opt/camera/bin/python "$clone/tests/rigs/mjpeg_server.py" 8554
    printf '\n[smoothing]\nevent_interval_s = 0.2\n[log]\ncommit_interval_s = 0.5\n' >"$work/more"
    sed -i -e '/^\[smoothing\]$/,/^$/d' -e '/^\[log\]$/,/^$/d' "$root/etc/edge/edge.toml"
    cat "$work/more" >>"$root/etc/edge/edge.toml"
    sed -i '0,/^# source = .*/s##source = "http://127.0.0.1:8554/face"#' "$root/etc/edge/edge.toml"
    inside systemctl reload edge
    until_ 60 "events of a camera are logged" events_beyond 3
}

# cripple CLONE: a version that never says READY, and brings the log up to a form of its own
cripple() {
    sed -i 's/"READY=1/"NOT=1/' "$1/edge/service/sd_notify.py"
    sed -i 's/^SCHEMA_VERSION = .*/&; SCHEMA_VERSION += 1/' "$1/edge/log/schema.py"
    echo 'MIGRATIONS = (*MIGRATIONS, ("CREATE TABLE from_a_newer_release (x)",))' >>"$1/edge/log/migrations.py"
}
log_form() { inside python3 -c 'import sqlite3; print(*sqlite3.connect("file:/var/lib/edge/log.sqlite?mode=ro", uri=True).execute("PRAGMA user_version").fetchone())'; }

# remember: what the version that runs now has, for `stays`
remember() { before=$(settings) count=$(events) form=$(log_form); }

# stays WHAT: version 9.1 runs, with the same settings and a log that goes on
stays() {
    serves "$1"
    [ "$(version)" = "emotion-edge 9.1" ] || fail "$1: it is $(version)"
    [ "$(settings)" = "$before" ] || fail "$1: the settings are not as they were"
    [ "$(log_form)" = "$form" ] || fail "$1: the log has the form $(log_form), not $form"
    until_ 60 "$1: 9.1 runs, with settings and log" events_beyond "$count"
    count=$(events)
}

# gone WHAT PATH…: nothing of it is left
gone() {
    local what=$1 path; shift
    for path in "$@"; do
        if [ -e "$root$path" ] || [ -L "$root$path" ]; then fail "$what left $path"; fi
    done
}

# What is committed, as a stranger would have it.
git clone -q --bare --no-local . "$work/repo"
for suite in "${suites[@]}"; do
    for kind in clone deb; do
        [ -z "$only" ] || [ "$only" = $kind ] || continue
        echo "== $suite: $kind"
        # shellcheck disable=SC1090  # clone.sh or deb.sh
        . "$here/$kind.sh"
        fresh "$suite" $kind
        "try_$kind"
        done_with
    done
done
echo PASSED
