#!/usr/bin/env bash
# The service on a real systemd: builds the .deb for this machine, installs it in a bookworm root,
# boots that in a container, and hangs, kills, reloads and stops the service there.
# Root; needs debootstrap, systemd-container (systemd-nspawn) and dpkg. EDGE_ROOT keeps the bare root
# between runs, DEB is a package that is built already.
set -euo pipefail
cd "$(dirname "$0")/../../.."

# shellcheck source=tests/rigs/container.sh
. tests/rigs/container.sh
need_container
python=${PYTHON:-python3}
base=${EDGE_ROOT:-/var/tmp/edge-systemd-root}
bare_system bookworm "$base" python3 python3-venv

work=$(mktemp -d)
root=$work/root camera=""
finish() {
    power_off
    [ -z "$camera" ] || kill "$camera" || true
    rm -rf "$work"
}
trap finish EXIT
shown() { inside systemctl show edge --property="$1" --value; }
is() { [ "$(shown "$1")" = "$2" ]; }
restarts_are() { is NRestarts "$1"; }
events() { inside edge log stats --json --log /var/lib/edge/log.sqlite | "$python" -c 'import json,sys; print(json.load(sys.stdin)["events"])'; }
events_beyond() { [ "$(events)" -gt "$1" ]; }

deb=${DEB:-$(PYTHON_BIN=$python systemd/deb/build "$(dpkg --print-architecture)" 3.11)}
cp -a "$base" "$root"
cp "$deb" "$root/edge.deb"
chroot "$root" dpkg -i /edge.deb
echo "ok: the package installs"

# A camera on loopback (the container shares it), a service that can be made to hang, and no patience.
"$python" tests/rigs/mjpeg_server.py >"$work/port" & camera=$!
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.2; done
cat >"$root/etc/edge/edge.toml" <<TOML
[camera]
source = "http://127.0.0.1:$(cat "$work/port")/face"
[smoothing]
event_interval_s = 0.2
[log]
commit_interval_s = 0.5
TOML
mkdir -p "$root/etc/systemd/system/edge.service.d"
printf '[Service]\nWatchdogSec=8\n' >"$root/etc/systemd/system/edge.service.d/rig.conf"
site=$root/opt/emotion-edge/a/lib/python3.11/site-packages
cp tests/rigs/systemd/edge_hang.py "$site"
echo "import edge_hang" >"$site/edge_hang.pth"

boot "$root"
until_ 90 "READY at boot" is ActiveState active
until_ 60 "events in the log" events_beyond 3
inside edge service status
[ "$(inside stat -c %U "/proc/$(shown MainPID)")" = edge ] || fail "it runs as another user than edge"
inside systemd-analyze security edge --no-pager | tail -1

before=$(events)
inside touch /run/edge/hang
until_ 60 "the watchdog to end a hung pipeline" restarts_are 1
inside journalctl -u edge --no-pager | grep -qi "watchdog" || fail "the journal does not name the watchdog"
until_ 90 "READY after the hang" is ActiveState active
until_ 60 "more events after the hang" events_beyond "$before"

before=$(events)
inside systemctl kill --signal=SIGKILL --kill-whom=main edge
until_ 60 "a killed process to be restarted" restarts_are 2
until_ 90 "READY after the kill" is ActiveState active
until_ 60 "more events after the kill" events_beyond "$before"

main=$(shown MainPID)
sed -i 's/event_interval_s = 0.2/event_interval_s = 0.3/' "$root/etc/edge/edge.toml"
inside systemctl reload edge || fail "the reload fails"
said_changed() { inside journalctl -u edge --no-pager | grep -q "smoothing changed"; }
until_ 60 "the settings to be read again" said_changed
[ "$(shown MainPID)" = "$main" ] || fail "a reload began another process"

kill "$camera"; wait "$camera" 2>/dev/null || true; camera=""
waits() { shown StatusText | grep -q "camera failed"; }
until_ 60 "the status that names a camera that is gone" waits
is ActiveState active || fail "it ended with its camera"

inside systemctl start edge-retention.service || fail "the retention service fails"
echo "ok: retention runs"

started=$(date +%s%N)
inside systemctl stop edge
took=$((($(date +%s%N) - started) / 1000000))
[ "$(shown Result)" = success ] || fail "stopping it gave $(shown Result)"
[ $took -lt 6000 ] || fail "stopping it took $took ms"
echo "ok: it stopped within $took ms"
found=$(find "$root/var/lib/edge" -type f | sed "s#$root##" | tr '\n' ' ')
echo "state: $found"
inside dpkg --purge emotion-edge >/dev/null
if [ -e "$root/var/lib/edge" ] || [ -e "$root/opt/emotion-edge" ]; then
    fail "purging it left something"
fi
echo "ok: purging it leaves nothing"
echo PASSED
