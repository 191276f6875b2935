#!/usr/bin/env bash
# The image: built from the Containerfile by buildah, on a Debian made here (no registry of images is
# asked), and run: the demo, the doctor, the service's run with nothing passed in, its health and its end.
#
#   sudo tests/rigs/install/image.sh          what `make test-image` calls
#
# Root; needs buildah and debootstrap; hadolint lints too, where it is. EDGE_INSTALL keeps the bare system
# and the wheels between runs, PYTHON runs pip for them.
set -euo pipefail
cd "$(dirname "$0")/../../.."

# shellcheck source=tests/rigs/container.sh
. tests/rigs/container.sh
# shellcheck source=tests/rigs/install/wheels.sh
. tests/rigs/install/wheels.sh
need_container
command -v buildah >/dev/null || { echo "buildah is missing: apt-get install buildah" >&2; exit 3; }
work=$(mktemp -d /var/tmp/edge-image.XXXXXX)
buildah_() { buildah --storage-driver vfs --root "$work/store" --runroot "$work/run" "$@"; }
finish() { buildah_ rm --all >/dev/null 2>&1 || true; rm -rf --one-file-system "$work"; }
trap finish EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

if command -v hadolint >/dev/null; then
    hadolint Containerfile
    echo "ok: hadolint has nothing to say"
fi
bare_system trixie "$keep/trixie" git make python3 python3-venv
gather 3.13
base=$(buildah_ from scratch)
buildah_ add -q "$base" "$keep/trixie" / >/dev/null
buildah_ commit -q "$base" localhost/trixie >/dev/null
buildah_ rm "$base" >/dev/null
write_pip_config "$work/pip.conf"
buildah_ bud -q --isolation chroot --pull-never --build-arg BASE=localhost/trixie \
    --volume "$keep/wheels:/wheels:ro" --volume "$work/pip.conf:/etc/pip.conf:ro" -t edge . >"$work/id"
echo "ok: it builds"

box=$(buildah_ from --pull-never localhost/edge)
in_image() { buildah_ run --isolation chroot "$box" -- "$@"; }
entry=$(buildah_ inspect --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}} {{.OCIv1.Config.User}}' "$box")
[ "$entry" = "[edge] [run --output jsonl --quiet] 10001" ] || fail "it would start as $entry"
[ "$(in_image id -un)" = edge ] || fail "it runs as $(in_image id -un)"
in_image edge demo >"$work/demo" 2>&1 || fail "the demo: $(cat "$work/demo")"
grep -q 'events: [1-9]' "$work/demo" || fail "the demo saw nothing: $(cat "$work/demo")"
echo "ok: the demo: $(grep 'events:' "$work/demo")"
in_image edge doctor >"$work/doctor" || fail "the doctor: $(cat "$work/doctor")"
grep -q "installation: a container" "$work/doctor" || fail "the doctor does not know: $(cat "$work/doctor")"
echo "ok: the doctor knows that it is in a container"
# Nothing is passed in: it waits, says so, and ends when told to.
# shellcheck disable=SC2016  # the image's shell expands it
in_image sh -c 'edge run --output jsonl --quiet & sleep 8; edge status; code=$?; kill $!; wait $!; exit $((code + $?))' \
    >"$work/run.log" 2>&1 || fail "the run: $(cat "$work/run.log")"
grep -q "camera.*waiting" "$work/run.log" || fail "it does not wait: $(cat "$work/run.log")"
echo "ok: with no camera it waits, its health is asked, it ends when told to"
echo PASSED
