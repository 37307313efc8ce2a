# make               build what changed, and put every program under its djbdns name into command/
# make test-wire     the tests of one folder of test/, or of one file: make test-wire, make test-reader
# make test          all tests
# make check         lint and all tests
# make format        sources and pages in the one style
# make coverage      all tests, and which lines of src/ they reach
# make demo          a zone from data file to answers, on a loopback port
# make bench         measurements beside the peers that are installed, or one: make bench-tinydns; root, dnsperf
# make soak          what finds faults, for so many seconds each, or one: make soak-readers SECONDS=3600
# make man           the man pages, from docs/
# make install       everything below PREFIX, which DESTDIR may stand before
# make deb          a Debian package of it
# make uninstall    take it away again
# make clean         without what was built
PREFIX = /usr/local
DESTDIR =

SOURCES := $(shell find src bin test bench soak tools -name '*.ts' | LC_ALL=C sort)

all: build

node_modules: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules

build: node_modules dist/built

# The compiler looks only at what changed. A source that came or went begins dist/ anew, or old tests would stay.
dist/sources: FORCE
	@echo $(SOURCES) | cmp -s - $@ || { rm -rf dist && mkdir dist && echo $(SOURCES) >$@; }

dist/built: dist/sources $(SOURCES) package.json tsconfig.json scripts/bundle.sh
	node_modules/.bin/tsc -p .
	sh scripts/bundle.sh
	@touch $@

lint: node_modules
	node_modules/.bin/biome check --error-on-warnings .

format: build
	node_modules/.bin/biome check --write .
	@node dist/tools/wrap.js $(SOURCES) $$(find scripts -name '*.sh') *.md $$(find docs -name '*.md')

test: build
	node dist/tools/test.js

test-%: build
	node dist/tools/test.js $*

check: build lint test

coverage: build
	node --experimental-test-coverage dist/tools/test.js

demo: build
	sh scripts/demo/run.sh

bench: $(patsubst bench/%.ts,bench-%,$(filter-out bench/support.ts,$(wildcard bench/*.ts)))

bench-%: build
	node dist/bench/$*.js

# Made-up worlds, inputs and faults for so many seconds each: make soak SECONDS=3600, make soak-readers SECONDS=60.
soak: $(patsubst soak/%.ts,soak-%,$(wildcard soak/*.ts))

soak-%: build
	node dist/soak/$*.js $(SECONDS)

# The package lists the pages; make install makes its own.
man: build
	node dist/tools/man.js docs man "$$(node -p 'require("./package.json").version')"

install: build
	sh scripts/install.sh "$(DESTDIR)" "$(PREFIX)"

deb: build
	sh scripts/deb.sh .

uninstall:
	sh scripts/uninstall.sh "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf dist command man

.PHONY: all soak build lint format test check coverage demo bench man install uninstall deb clean FORCE
