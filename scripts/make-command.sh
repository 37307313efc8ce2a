#!/bin/sh
# Bundles each compiled program into one CommonJS file, in place, and fills command/ with one link per program, named
# as in djbdns: command/tinydns -> ../dist/bin/tinydns.js. Bundled because Node's loader takes half a millisecond for
# each ES module: dnsq starts 9 ms after `node -e 0` instead of 20.
set -e
node_modules/.bin/esbuild dist/bin/*.js --bundle --platform=node --target=node20 --format=cjs --packages=external \
  --outdir=dist/bin --allow-overwrite --log-level=warning \
  --define:import.meta.url=moduleUrl \
  --banner:js='const moduleUrl = require("node:url").pathToFileURL(__filename).href;'
rm -f dist/bin/*.d.ts
node -p 'const { name, version } = require("./package.json"); JSON.stringify({ name, version, type: "commonjs" })' \
  >dist/bin/package.json
rm -rf command
mkdir command
for main in dist/bin/*.js; do
  chmod 755 "$main"
  ln -s "../$main" "command/$(basename "$main" .js)"
done
