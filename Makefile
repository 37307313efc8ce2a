# make            build, and put every program under its djbdns name into command/
# make check      build, type check, lint, layer test, all tests
# make demo       a zone from data file to answers, on a loopback port
# make bench      measurements beside the peers that are installed; root, dnsperf
# make man        the man pages, from docs/programs/
# make install    everything below PREFIX, which DESTDIR may stand before
PREFIX = /usr/local
DESTDIR =

all: build

node_modules: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules

build: node_modules
	rm -rf dist
	node_modules/.bin/tsc -p .
	sh scripts/make-command.sh

lint: node_modules
	node_modules/.bin/biome check --error-on-warnings .

test: build
	node --test dist/test/

check: build lint test

demo: build
	sh scripts/demo/run.sh

# Each of bench/ by name, `make bench-tinydns`, or all of them.
bench: $(patsubst bench/%.ts,bench-%,$(filter-out bench/support.ts,$(wildcard bench/*.ts)))

bench-%: build
	node dist/bench/$*.js

# The man pages of docs/programs; needs a build.
man:
	node dist/tools/man.js docs/programs man "$$(node -p 'require("./package.json").version')"

install: build man
	sh scripts/install.sh "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf dist command man

.PHONY: all build lint test check demo bench man install clean
