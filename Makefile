# make help says what there is.
PREFIX ?= /usr/local

.PHONY: help demo test bench build install format packages

help:
	@echo "make demo      build, and serve the first example on http://127.0.0.1:7001"
	@echo "make test      run every test; FAST=1 leaves out the sanitizer and the fuzz run"
	@echo "make bench     measure; BENCH=--quick only tries it; see Benchmarks/README.md"
	@echo "make build     the release build of everything"
	@echo "make install   install what was built; PREFIX=$(PREFIX)"
	@echo "make format    format the Swift sources"

demo:
	@scripts/packages.sh build
	@scripts/demo.sh

test:
	@scripts/packages.sh build test
	@scripts/test.sh

bench: build
	@HUMMINGBIRD=$${HUMMINGBIRD:-1} Benchmarks/run $(BENCH)

build:
	@scripts/packages.sh build
	@scripts/build.sh

install: build
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh

format:
	@git ls-files '*.swift' ':!Tests/Fixtures' | xargs swift format --in-place --parallel
