# shellcheck shell=bash disable=SC2154  # sourced by run.sh, which sets root and said
# The Debian package the same way: installed, upgraded, upgraded to one that fails, removed.

# package NUMBER [cripple]: $built is a package of that version, for this system's Python
package() {
    local tree=$work/tree-$1 minor
    minor=$(inside python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    rm -rf "$tree"
    git clone -q "$work/repo" "$tree"
    sed -i "s/^__version__ = .*/__version__ = \"$1\"/" "$tree/edge/__init__.py"
    [ -z "${2-}" ] || "$2" "$tree"
    (cd "$tree" && PIP_NO_INDEX=1 PIP_FIND_LINKS=$keep/wheels PIP_CONFIG_FILE=/dev/null \
        PYTHON_BIN=$(command -v "$python") systemd/deb/build "$(dpkg --print-architecture)" "$minor" >/dev/null)
    cp "$tree"/dist/*.deb "$root/root/$1.deb"
    rm -rf "$tree"
}

apt_() { must "$1" env DEBIAN_FRONTEND=noninteractive apt-get -y -q "${@:2}"; }

try_deb() {
    package 9.0
    apt_ 0 install --no-install-recommends /root/9.0.deb
    says "the service is ready. Next: http://127.0.0.1:8787/"
    serves "apt install"
    must 1 edge doctor
    says "installation: the Debian package"
    must 2 edge service uninstall
    says "sudo apt remove emotion-edge"
    must 2 edge service install
    serves "edge service install and uninstall"
    ok "apt install: ready, its page answers; edge service says whose the service is"

    must 0 git clone -q file:///repo "$clone"
    must 2 "$clone/install.sh"
    says "the Debian package is installed"
    camera
    remember
    package 9.1
    apt_ 0 install --no-install-recommends /root/9.1.deb
    stays "an upgrade"

    package 9.2 cripple
    apt_ 100 install --no-install-recommends /root/9.2.deb
    says "the one before runs again"
    stays "an upgrade that never is ready and changed the log"
    apt_ 0 install --no-install-recommends --allow-downgrades /root/9.1.deb
    stays "its package installed again"

    apt_ 0 remove emotion-edge
    [ ! -e "$root/opt/emotion-edge" ] || fail "removal left /opt/emotion-edge"
    [ "$(settings)" = "$before" ] || fail "removal touched the settings"
    [ -s "$root/var/lib/edge/log.sqlite" ] || fail "removal touched the log"
    apt_ 0 install --no-install-recommends /root/9.1.deb
    stays "installed again after removal"
    apt_ 0 purge emotion-edge
    gone "apt purge" /opt/emotion-edge /etc/edge /var/lib/edge /usr/share/emotion-edge /usr/bin/edge
    ok "apt remove keeps settings and log, apt purge nothing"
}
