#!/usr/bin/env bash
# The costs behind the board forecast: benchmarks/forecast/costs.json.
#
#   tests/rigs/forecast/run.sh [OUT.json]     what `make forecast-costs` calls
#
# Runs the arm64 builds of LiteRT, OpenCV and ncnn, and the package itself, under QEMU's user mode as
# each kind of core, so that they choose the kernels they would choose there; a plugin counts the blocks
# of instructions and simulates the caches, and llvm-mca times the blocks. An hour or two on two cores;
# what is counted already in EDGE_FORECAST (else /var/tmp/edge-forecast) is not counted again.
#
# Needs qemu-user, llvm-19, gcc, libc6-dev and the network, and the pictures of EDGE_DATA (else
# ../shared/data) for the face search; no root. PYTHON is one with the convert extra.
set -euo pipefail
cd "$(dirname "$0")/../../.."

here=$PWD/tests/rigs/forecast
python=${PYTHON:-python3}
base=${EDGE_FORECAST:-/var/tmp/edge-forecast}
data=${EDGE_DATA:-../shared/data}
out=${1:-benchmarks/forecast/costs.json}
# ncnn as it was when the figures of its table were taken.
ncnn_old=1.0.20230223 ncnn_new=1.0.20240102
opencv=4.11.0.86

for tool in qemu-aarch64 llvm-mca-19 llvm-mc-19 gcc apt-get; do
    command -v $tool >/dev/null || { echo "$tool is missing: apt-get install qemu-user llvm-19 gcc libc6-dev" >&2; exit 3; }
done
mkdir -p "$base/counts" "$base/apt/lists/partial" "$base/apt/cache"

# Python and what it needs, for arm64, unpacked and not installed.
root() {
    [ ! -e "$base/root/.whole" ] || return 0
    local apt=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$base/apt"
        -o "Dir::State::status=/dev/null" -o "Dir::Cache=$base/apt/cache" -o APT::Sandbox::User=)
    apt-get "${apt[@]}" update
    mkdir -p "$base/debs"
    (cd "$base/debs" && apt-get "${apt[@]}" download python3.11-minimal libpython3.11-minimal \
        libpython3.11-stdlib libc6 libstdc++6 libgcc-s1 zlib1g libexpat1 libbz2-1.0 liblzma5 \
        libsqlite3-0 libffi8 libssl3 libuuid1 libcrypt1)
    for deb in "$base"/debs/*.deb; do dpkg -x "$deb" "$base/root"; done
    touch "$base/root/.whole"
}

# wheels FOLDER PACKAGE…
wheels() {
    local folder=$base/$1; shift
    [ ! -e "$folder/.whole" ] || return 0
    "$python" -m pip install -q --target "$folder" --python-version 3.11 --only-binary=:all: \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 "$@"
    touch "$folder/.whole"
}

# XNNPACK and ncnn look at /proc/cpuinfo too: QEMU takes a file that lies in the root.
be_core() {
    local root=$base/$1 part=$2 variant=$3 revision=$4 features=$5
    mkdir -p "$root/proc" "$root/sys/devices/system/cpu"
    for folder in etc lib usr; do ln -sfn "$base/root/$folder" "$root/$folder"; done
    for number in 0 1 2 3; do
        printf '%s\t: %s\n' processor $number BogoMIPS 108.00 Features "$features" \
            "CPU implementer" 0x41 "CPU architecture" 8 "CPU variant" "$variant" "CPU part" "$part" \
            "CPU revision" "$revision"
        echo
    done >"$root/proc/cpuinfo"
    echo 0-3 | tee "$root/sys/devices/system/cpu/possible" >"$root/sys/devices/system/cpu/present"
}

# count CORE PACKAGES WORK [FILE]
count() {
    local core=$1 packages=$2 work=$3 file=${4:-}
    local cpu=${core,,} name=$base/counts/${work/\//@}@$core caches
    case $core in
        Cortex-A53) caches=32768/4:524288/16 ;;
        Cortex-A72) caches=32768/2:1048576/16 ;;
        Cortex-A76) caches=65536/4:524288/8:2097152/16 ;;
    esac
    [ ! -s "$name.units" ] || return 0
    echo "$work on a $core"
    PYTHONPATH=$packages:$PWD PYTHONDONTWRITEBYTECODE=1 nice -n 5 qemu-aarch64 -cpu "$cpu" -L "$base/$core" \
        -plugin "file=$base/blocks.so,out=$name.blocks,caches=$caches" "$base/root/usr/bin/python3.11" \
        "$here/work.py" "$work" "$name.maps" ${file:+"$file"} >"$name.part" 2>"$name.log" ||
        { cat "$name.log" >&2; exit 1; }
    tail -1 "$name.part" >"$name.units"
    rm "$name.part"
}

gcc -O2 -shared -fPIC -o "$base/blocks.so" "$here/blocks.c"
root
wheels site "numpy==2.2.6" ai-edge-litert "opencv-python-headless==$opencv" msgspec
wheels ncnn_old "numpy==2.2.6" "ncnn==$ncnn_old" && wheels ncnn_new "numpy==2.2.6" "ncnn==$ncnn_new"
old="fp asimd evtstrm crc32 cpuid"
be_core Cortex-A53 0xd03 0x0 4 "$old"
be_core Cortex-A72 0xd08 0x0 3 "$old"
be_core Cortex-A76 0xd0b 0x4 1 "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
[ -e "$base/mobilenet_v2.tflite" ] || "$python" "$here/keras_networks.py" "$base"
[ -e "$base/640.npy" ] || "$python" "$here/pictures.py" "$data" "$base"
echo "$(qemu-aarch64 --version | sed -n "1s/ (.*//p"), llvm-mca $(llvm-mca-19 --version | sed -n 's/.*LLVM version //p'), LiteRT $("$python" -m pip list --path "$base/site" 2>/dev/null | sed -n 's/^ai-edge-litert *//p'), OpenCV $opencv, ncnn $ncnn_old ($ncnn_new on the A76)" >"$base/counts/versions"

for core in Cortex-A72 Cortex-A53 Cortex-A76; do
    ncnn=$base/ncnn_old
    [ $core != Cortex-A76 ] || ncnn=$base/ncnn_new
    for network in edge_net cnn_lstm cnn audio_crnn; do
        count $core "$base/site" net/$network edge/models/$network.tflite
    done
    for network in mobilenet_v1 mobilenet_v2; do
        count $core "$base/site" xnnpack/$network "$base/$network.tflite"
    done
    for network in mobilenet_v1 resnet18 resnet50; do count $core "$ncnn" ncnn/$network; done
done
# Python and OpenCV run the same instructions on all three: counted once, timed for each.
for path in frame sound; do count Cortex-A72 "$base/site" path/$path; done
for size in 320 640; do count Cortex-A72 "$base/site" haar/$size "$base/$size.npy"; done
PYTHONPATH=$PWD "$python" "$here/block_costs.py" "$base/counts" "$out"
