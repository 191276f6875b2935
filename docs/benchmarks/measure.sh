#!/usr/bin/env bash
# Measure what this folder shows, and write its report anew:
#   docs/benchmarks/measure.sh DATA FER [PART...]
# DATA: a folder with fer2013 (.npz, .csv or a folder of that name), ravdess, noise and video
# FER:  the environment of benchmarks/peers/README.md
# PART: of timed, clip, search, judged, switches, peers, peers_judged; all of them without one
# Each part's results stay in results/ until it is measured again; all parts must be of one machine.
# $NOTE is put at the end: what a reader must know of how it was measured.
# $PYTHON has the convert extra; $TIMED and $UNTIMED go before the commands, such as "nice -n -10".
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$(realpath --no-symlinks "${PYTHON:-$root/.venv/bin/python}")
export PYTHONPATH=$root
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$(realpath "${1:?give the data folder}")" "$work/data"
ln -s "$(realpath "${2:?give the environment that holds fer}")" "$work/fer"
mkdir -p "$here/results"
ln -s "$here/results" "$work/results"
shift 2
# The recorded commands have these short paths, and none of the machine's own.
cd "$work"

bench=("$python" -m benchmarks run)
peers=("$python" -m benchmarks.peers.compare --fer-python fer/bin/python)
clips=(data/video/single_face.mp4 data/video/walking_faces.mp4 data/video/office_face_multi.mp4)
read -ra timed <<<"${TIMED:-}"
read -ra untimed <<<"${UNTIMED:-}"

measure() {
    local to=(--json "results/$1.json")
    case $1 in
        timed) "${timed[@]}" "${bench[@]}" latency voice memory startup size "${to[@]}" ;;
        clip) "${timed[@]}" "${bench[@]}" pipeline --clip "${clips[0]}" "${to[@]}" ;;
        search) "${timed[@]}" "${bench[@]}" search --data data "${to[@]}" ;;
        judged) "${untimed[@]}" "${bench[@]}" accuracy noise --data data "${to[@]}" ;;
        switches) "${untimed[@]}" "${bench[@]}" preprocessing --data data "${to[@]}" ;;
        peers) "${timed[@]}" "${peers[@]}" "${clips[@]/#/--clip=}" "${to[@]}" ;;
        peers_judged) "${untimed[@]}" "${peers[@]}" --data data "${to[@]}" ;;
        *) echo "there is no part $1" >&2; return 2 ;;
    esac
}

for part in "${@:-timed clip search judged switches peers peers_judged}"; do
    # Unquoted: where no part is given, it is all of them in one word.
    for each in $part; do measure "$each"; done
done
"$python" -m benchmarks report results/*.json --html "$here/report.html" \
    --markdown "$here/README.md" --figures "$here/figures"
cat >>"$here/README.md" <<END

Made by \`docs/benchmarks/measure.sh DATA FER\`; the same as one page with its plots: [report.html](report.html);
every single value: [results](results). ${NOTE:-}
END
