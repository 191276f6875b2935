# shellcheck shell=bash
# What is kept between runs of the rigs that source this: bare systems, and the wheels, which this
# machine's pip fetches, so that a container needs no network.

keep=${EDGE_INSTALL:-/var/tmp/edge-install}
python=${PYTHON:-python3}
case $python in
    /*) ;;
    */*) python=$PWD/$python ;;
esac

# gather PYTHON: what that Python's environment and package need, fetched by this machine's pip
gather() {
    local limit="" mark locked=systemd/deb/requirements-$1.txt
    [ "$1" != 3.11 ] || limit="numpy<2"
    mkdir -p "$keep/wheels"
    mark=$keep/wheels/.whole-$1-$(cat pyproject.toml "$locked" | sha256sum | cut -c -16)
    [ ! -e "$mark" ] || return 0
    # shellcheck disable=SC2086  # $limit is one word or none
    fetch "$1" '.[mqtt]' 'setuptools>=77' $limit
    fetch "$1" --no-deps --require-hashes --requirement "$locked"
    touch "$mark"
}

# fetch PYTHON WHAT…: those wheels
fetch() {
    "$python" -m pip download --quiet --dest "$keep/wheels" --only-binary=:all: \
        --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_27_$(uname -m)" \
        --platform "manylinux2014_$(uname -m)" --python-version "$1" "${@:2}"
}

# write_pip_config FILE: a container's pip takes them from /wheels alone
write_pip_config() { printf '[global]\nno-index = true\nfind-links = /wheels\n' >"$1"; }
