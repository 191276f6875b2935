#!/usr/bin/env bash
# Boots an arm64 system in which the package is installed, and looks whether its service comes up by
# itself, sees faces and stops cleanly.
#
#   boot.sh ROOT CPUINFO        called by run.sh; PYTHON runs the camera, on loopback
#
# What emulation cannot show is left out: the kernel, the firmware, seccomp, times.
set -euo pipefail
cd "$(dirname "$0")/../../.."

root=$1 cpuinfo=$2
python=${PYTHON:-python3}
work=$(mktemp -d)
leader="" camera=""
finish() {
    [ -z "$leader" ] || inside systemctl poweroff || true
    [ -z "$camera" ] || kill "$camera" || true
    wait || true
    rm -rf "$work"
}
trap finish EXIT
inside() { timeout 120 nsenter -t "$leader" -m -u -i -p -n -- "$@"; }
fail() { echo "FAILED: $*" >&2; inside journalctl -u edge --no-pager -n 30 >&2 || true; exit 1; }
# until_ SECONDS WHAT COMMAND…: the command succeeds within so many seconds
until_() {
    local end=$((SECONDS + $1)) what=$2; shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "waited in vain for $what"
        sleep 1
    done
    echo "ok: $what"
}
is_active() { [ "$(inside systemctl show edge --property=ActiveState --value)" = active ]; }
events() { inside edge log stats --json --log /var/lib/edge/log.sqlite | "$python" -c 'import json,sys; print(json.load(sys.stdin)["events"])'; }
has_events() { [ "$(events)" -gt 2 ]; }

"$python" tests/rigs/mjpeg_server.py >"$work/port" & camera=$!
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.2; done
# As the guide says: the camera, by its line in the settings.
sed -i "0,/^# source = .*/s##source = \"http://127.0.0.1:$(cat "$work/port")/face\"#" "$root/etc/edge/edge.toml"
cp "$cpuinfo" "$root/etc/cpuinfo"
mkdir -p "$root/etc/systemd/system/edge.service.d"
printf '[Service]\nBindReadOnlyPaths=/etc/cpuinfo:/proc/cpuinfo\nWatchdogSec=300\nTimeoutStopSec=60\n' \
    >"$root/etc/systemd/system/edge.service.d/rig.conf"

systemd-nspawn -q -D "$root" -b --register=no --keep-unit --console=pipe </dev/null >"$work/console" 2>&1 &
nspawn=$!
# Degraded: under emulation some units of systemd's own find no credentials to be given.
for _ in $(seq 300); do
    leader=$(pgrep -P $nspawn | head -1 || true)
    state=$([ -z "$leader" ] || inside systemctl is-system-running 2>/dev/null || true)
    case $state in running | degraded) break ;; esac
    sleep 1
done
until_ 300 "the service is up after the boot" is_active
until_ 300 "events in the log" has_events
inside edge service status
[ "$(inside stat -c %U /var/lib/edge/log.sqlite)" = edge ] || fail "another user than edge keeps the log"
inside systemctl stop edge
[ "$(inside systemctl show edge --property=Result --value)" = success ] || fail "it does not stop cleanly"
echo "ok: it stopped cleanly"
