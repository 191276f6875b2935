# shellcheck shell=bash disable=SC2154  # sourced by run.sh, which sets root and said
# A clone and one command, as the README has it, and what may come after.

# release NUMBER: the clone is that version now
release() { sed -i "s/^__version__ = .*/__version__ = \"$1\"/" "$root$clone/edge/__init__.py"; }
make_() { must "$1" make -C "$clone" "${@:2}"; }

try_clone() {
    must 0 git clone -q file:///repo "$clone"
    make_ 0 install
    last=$(printf '%s\n' "$said" | grep '^install:' | tail -1)
    [ "$last" = "install: the service is ready: open http://127.0.0.1:8787/" ] || fail "its last line is '$last'"
    serves "one command"
    [ -z "$(inside git -C "$clone" status --porcelain)" ] || fail "the clone is not as it was"
    until_ 20 "the service waits for a camera" waits_for_camera
    must 1 edge doctor
    says "installation: install.sh"
    says "MISSING  service's camera: waiting"
    says "service's page: http://127.0.0.1:8787/"
    must 0 edge demo
    exposure=$(inside systemd-analyze security edge --no-pager | sed -n 's/.*exposure level for edge.service: \([0-9.]*\).*/\1/p')
    [ "$(echo "$exposure" | tr -d .)" -le 15 ] || fail "the exposure is $exposure"
    ok "clone, one command: ready, its page answers, systemd-analyze security $exposure"

    before=$(settings)
    make_ 0 install
    serves "again"
    [ "$(settings)" = "$before" ] || fail "the settings are not as they were"
    ok "a second run changes nothing but the environment: $(inside readlink /opt/emotion-edge/current)"

    camera
    must 0 edge doctor
    ok "doctor finds nothing to want: $(version)"
    remember
    release 9.1
    make_ 0 install
    serves "the upgrade"
    [ "$(version)" = "emotion-edge 9.1" ] || fail "it is $(version)"
    [ "$(settings)" = "$before" ] || fail "the upgrade changed the settings"
    until_ 60 "the upgrade keeps settings and log, and goes on with them" events_beyond "$count"

    try_failing_upgrades
    try_removal
}

waits_for_camera() { shown StatusText | grep -q camera; }

try_failing_upgrades() {
    count=$(events) pid=$(shown MainPID)
    release 9.2
    must 2 env PIP_FIND_LINKS=/nowhere PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 make -C "$clone" install
    says "nothing was changed"
    [ "$(shown MainPID)" = "$pid" ] || fail "a failed pip restarted the service"
    stays "packages that cannot be had"

    must 137 timeout -s KILL 6 "$clone/install.sh"
    [ "$(shown MainPID)" = "$pid" ] || fail "a killed upgrade restarted the service"
    stays "an upgrade that is killed while it fetches"

    cp -a "$root$clone/edge" "$root/root/edge-good"
    echo 'raise RuntimeError("a fault of this release")' >>"$root$clone/edge/run/session.py"
    make_ 2 install
    says "the one before runs again"
    stays "a version that dies"

    restore
    cripple "$root$clone"
    make_ 2 install
    says "was not ready in $patience_s s"
    stays "a version that never is ready and changed the log"
    [ ! -e "$root/opt/emotion-edge/log-before" ] || fail "a copy of the log is left"

    restore
    cripple "$root$clone"
    inside systemd-run -q --unit=upgrade --setenv=EDGE_PATIENCE_S="$patience_s" "$clone/install.sh"
    until_ 120 "a version that is not ready yet starts" switched
    inside systemctl kill --signal=HUP upgrade
    until_ 60 "the installation ends" ended upgrade
    stays "a terminal that closes during the start"
    restore
}

switched() { [ "$(inside readlink /opt/emotion-edge/current)" != "$in_use" ]; }
ended() { ! inside systemctl is-active --quiet "$1"; }

restore() {
    rm -rf "$root$clone/edge"
    cp -a "$root/root/edge-good" "$root$clone/edge"
    in_use=$(inside readlink /opt/emotion-edge/current)
}

try_removal() {
    make_ 0 uninstall
    gone uninstall /opt/emotion-edge /usr/local/bin/edge /usr/local/bin/edge-bench \
        /etc/systemd/system/edge{.service,-retention.service,-retention.timer} \
        /etc/systemd/system/multi-user.target.wants/edge.service /etc/sysusers.d/edge.conf \
        /etc/tmpfiles.d/edge.conf
    [ "$(settings)" = "$before" ] || fail "uninstall touched the settings"
    [ -s "$root/var/lib/edge/log.sqlite" ] || fail "uninstall touched the log"
    make_ 0 uninstall
    says "nothing is installed"
    ok "uninstall removes all but settings and log; once more says that there is nothing"

    make_ 0 install
    serves "after uninstall"
    [ "$(settings)" = "$before" ] || fail "a new installation changed the settings"
    until_ 60 "installed again, it goes on with its settings and log" events_beyond "$count"
    must 0 "$clone/install.sh" purge
    gone purge /opt/emotion-edge /etc/edge /var/lib/edge
    if inside getent passwd edge; then fail "purge left the user edge"; fi
    ok "purge removes settings, log and user too"
}
