# make            build, and put every program under its djbdns name into command/
# make check      build, type check, lint, layer test, all tests
# make demo       a zone from data file to answers, on a loopback port
# make install PREFIX=/usr/local
PREFIX = /usr/local

all: build

node_modules: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules

build: node_modules
	rm -rf dist
	node_modules/.bin/tsc -p .
	sh make-command.sh

lint: node_modules
	node_modules/.bin/biome check --error-on-warnings .

test: build
	node --test dist/test/

check: build lint test

clean:
	rm -rf dist command

.PHONY: all build lint test check clean
