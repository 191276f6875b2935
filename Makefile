# Two commands do it all on a fresh Debian or Raspberry Pi OS with python3 and python3-venv:
#   make demo    sets up the device's part and runs the main job on the bundled sample
#   make test    sets up everything else too and passes every check
# `make clean` takes both away again.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SUPPLY := $(VENV)-supply/bin
# `make test EXTRAS=dev,mic` builds PyAudio too (portaudio19-dev, gcc, python3-dev).
EXTRAS ?= dev
PYTEST ?=
# `make test LOCK=.ci/requirements.txt` installs those very versions, by their hashes, as CI does.
LOCK ?=
# Two workers take a test file at a time, training's long ones early: `make test PARALLEL=` for one.
PARALLEL ?= -n 2 --dist loadfile --no-loadscope-reorder
PYTHON313 ?= $(firstword $(shell command -v python3.13; ls $(HOME)/.pyenv/versions/3.13*/bin/python3.13 2>/dev/null) python3.13)
SCRIPTS = $(shell git ls-files -z | xargs -0 awk 'FNR == 1 && /^\#!.*(bash|\/sh)$$/ { print FILENAME } { nextfile }')
# Raspberry Pi OS brings picamera2 as a system package: a venv must be told to see it.
SEE_SYSTEM := $(shell $(PYTHON) -c 'import picamera2' 2>/dev/null && echo --system-site-packages)

.PHONY: install uninstall demo test check test-python313 test-opencv-lowest format test-picamera2 test-systemd test-install test-image test-arm64 check-device soak fuzz deb lock audit sbom clean

demo: $(VENV)/base
	$(BIN)/edge demo --annotate demo.mp4

test: check

# `make test PYTEST="--cov"` prints the coverage too.
check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/shellcheck $(SCRIPTS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(PARALLEL) $(PYTEST)

# The device's part under the newest Python that it runs on, where there is one.
test-python313:
	$(MAKE) VENV=.venv313 PYTHON=$(PYTHON313) EXTRAS=test check-device

check-device: $(VENV)/dev
	$(BIN)/pytest tests/edge tests/contracts tests/test_imports.py $(PARALLEL) $(PYTEST)

# Pictures, videos and streams under the lowest OpenCV that is allowed; `make test` has the highest.
LOWEST_OPENCV = opencv-python-headless==$(shell sed -n 's/.*opencv-python-headless>=\([0-9.]*\).*/\1/p' pyproject.toml | head -1).*
test-opencv-lowest: $(VENV)/dev
	test -d $(VENV)-opencv/cv2 || $(BIN)/pip install --quiet --no-deps --target $(VENV)-opencv '$(LOWEST_OPENCV)'
	PYTHONPATH=$(VENV)-opencv $(BIN)/pytest $(PYTEST) tests/contracts/test_media.py \
		tests/edge/sources/video/test_picture_kinds.py tests/edge/sources/video/test_sources_video.py

# This system's service, in /opt/emotion-edge (root): also the upgrade, with a way back.
install:
	@./install.sh

# Settings and log stay.
uninstall:
	@./install.sh uninstall

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The picamera2 adapter against the real Picamera2 class and libcamera's virtual camera (root).
test-picamera2:
	tests/rigs/picamera2/run.sh

# The service on a real systemd: the package built, installed and booted in a container (root).
test-systemd: $(VENV)/dev
	PYTHON=$(BIN)/python tests/rigs/systemd/run.sh

# The installations, on fresh systems in containers: a clone, a package, upgrades that fail (root).
# `make test-install SYSTEMS=noble` for Ubuntu 24.04, SYSTEMS="trixie --only deb" for a part.
SYSTEMS ?= bookworm trixie
test-install: $(VENV)/base
	PYTHON=$(BIN)/python tests/rigs/install/run.sh $(SYSTEMS)

# The image, built by buildah and run (root).
test-image: $(VENV)/base
	PYTHON=$(BIN)/python tests/rigs/install/image.sh

# The package on 64-bit Arm under emulation, bookworm and trixie (root; half an hour, for the night).
test-arm64: $(VENV)/base
	PYTHON=$(BIN)/python tests/rigs/arm64/run.sh

# What the board forecast knows of each network (an hour or two; after a network of another shape).
.PHONY: forecast-costs
forecast-costs: $(VENV)/base
	PYTHON=$(BIN)/python tests/rigs/forecast/run.sh

# An hour with a camera that dies every minute: does memory grow, does anything leak?
soak: $(VENV)/dev
	$(BIN)/python tests/rigs/soak.py --minutes 60

# Damaged files and messages, two minutes of each kind.
fuzz: $(VENV)/dev
	$(BIN)/python tests/rigs/fuzz.py --seconds 120

# The screens of docs/images: the page, the mirror, the log's figures, a report (needs Chromium).
screens: $(VENV)/dev
	$(BIN)/python tests/rigs/screens.py

# The Debian package for boards: arm64, bookworm and trixie.
deb: $(VENV)/base
	PYTHON_BIN=$(BIN)/python systemd/deb/build

# What is installed where, exactly: CI's requirements and the package's, from pyproject.toml.
UV_LOCK = $(SUPPLY)/uv pip compile --quiet --generate-hashes --custom-compile-command 'make lock' pyproject.toml
lock: $(SUPPLY)/ready
	$(UV_LOCK) --universal --python-version 3.11 --extra dev --extra mic \
		--constraints .ci/constraints.txt --output-file .ci/requirements.txt >/dev/null
	for version in 3.11 3.12 3.13; do $(UV_LOCK) --python-version $$version --extra mqtt \
		--python-platform aarch64-manylinux_2_28 --only-binary :all: \
		--constraints systemd/deb/constraints.txt \
		--output-file systemd/deb/requirements-$$version.txt >/dev/null || exit; done

# Known holes in what the package ships; fails too where there is no data on them, and says which.
# The one that is left out is in OpenCV's decoder of JPEG 2000, which gets no picture.
audit: $(SUPPLY)/ready
	@for version in 3.11 3.12 3.13; do \
		said=$$($(SUPPLY)/pip-audit --strict --disable-pip --require-hashes \
			--ignore-vuln CVE-2025-53644 \
			--requirement systemd/deb/requirements-$$version.txt 2>&1); code=$$?; \
		echo "Python $$version: $$said"; \
		case "$$said" in *"could not be audited"*|*onnectionError*|*"timed out"*) \
			echo "audit: there is no data on known holes here, so none were looked for"; exit 1;; esac; \
		test $$code = 0 || { echo "audit: known holes: update, then make lock"; exit 1; }; \
	done

# What the package is made of, as CycloneDX.
sbom: $(SUPPLY)/ready
	mkdir -p dist
	for version in 3.11 3.12 3.13; do $(SUPPLY)/cyclonedx-py requirements --pyproject pyproject.toml \
		--output-reproducible --output-file dist/emotion-edge-python$$version.cdx.json \
		systemd/deb/requirements-$$version.txt || exit; done

$(SUPPLY)/ready:
	$(PYTHON) -m venv $(VENV)-supply
	$(SUPPLY)/pip install --quiet cyclonedx-bom pip-audit uv
	touch $@

$(VENV)/bin/python:
	@echo "make: a virtual environment in $(VENV)"
	$(PYTHON) -m venv $(SEE_SYSTEM) $(VENV)
	$(if $(LOCK),$(BIN)/pip install --quiet --require-hashes --requirement $(LOCK))

$(VENV)/base: pyproject.toml | $(VENV)/bin/python
	@echo "make: installing what the device needs, 330 MB; some minutes the first time"
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/base
	@echo "make: installing what the checks and training need ($(EXTRAS)); it takes longer still"
	$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-supply $(VENV)-opencv .venv313 build dist *.egg-info demo.mp4 .coverage
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
