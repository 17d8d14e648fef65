# A thin front for meson, ninja and the scripts in tools/. `make help` lists what there is.

BUILD  := build/out
PREFIX ?= /usr
JOBS   ?= $(shell nproc)
# Debian's own tools, whatever else a machine has in front of them.
export PATH := /usr/sbin:/usr/bin:/sbin:/bin

.PHONY: all deps guest demo demo-stop check bench fuzz api-coverage install packages lab bench-lab image lab-image format clean help

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)

$(BUILD)/build.ninja:
	@meson setup $(BUILD) --prefix $(PREFIX)

deps:
	@tools/deps/install

guest:
	@tools/deps/install guest
	@tools/guest/build build/guest

demo: guest
	@tools/deps/install build run
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS) --quiet src/daemon/clearwaterd src/xe/xe
	@tools/demo start

demo-stop:
	@tools/demo stop

check: deps guest
	@tools/run-checks

bench: guest
	@tests/bench/run

fuzz: deps
	@tests/fuzz/run

api-coverage:
	@python3 tools/modelc --coverage model/*.model

install: all
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

packages:
	@tools/deps/install build package
	@packaging/build

lab:
	@tools/lab/run --check
	@tools/deps/install lab
	@$(MAKE) --no-print-directory packages guest
	@tools/lab/image
	@tools/lab/run

bench-lab:
	@tools/lab/run --check
	@tools/deps/install lab
	@$(MAKE) --no-print-directory packages guest
	@tools/lab/image
	@tools/lab/run bench_start

image: packages
	@tools/deps/install lab image
	@packaging/image/build $(ANSWERS)

lab-image: image
	@tools/lab/run test_image

format: deps
	@find src tests tools -name '*.[ch]' -print0 | xargs -0 -r clang-format-14 -i

clean:
	rm -rf build/out build/asan build/release build/guest build/packages build/lab build/image

help:
	@echo 'make              build into $(BUILD)'
	@echo 'make deps         install the Debian packages that are missing (as root)'
	@echo 'make demo         start a host in build/demo with one Linux VM on it (as root)'
	@echo 'make demo-stop    stop that host and its VM'
	@echo 'make check        run all tests (as root)'
	@echo 'make bench        measure against libvirt (as root)'
	@echo 'make fuzz         look for new crashing inputs'
	@echo 'make api-coverage how much of the XenAPI is there'
	@echo 'make install      install to $$DESTDIR$(PREFIX)'
	@echo 'make packages     build the Debian packages into build/packages'
	@echo 'make bench-lab    measure starts on an emulated Xen host against xl (as root)'
	@echo 'make lab          install them on a Xen host that is emulated, and test there (as root)'
	@echo 'make image        build a disk that starts as a host, with the file $$ANSWERS (as root)'
	@echo 'make lab-image    the same, and start it, by BIOS and by UEFI (as root)'
	@echo 'make format       lay out all C files'
	@echo 'make clean        remove what was built; a demo stays'
