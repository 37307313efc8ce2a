#!/bin/sh
# Bundles each compiled program into one CommonJS file, in place, and fills command/ with one link per program, named
# as in djbdns: command/tinydns -> ../dist/bin/tinydns.js. Bundled because Node's loader takes half a millisecond for
# each ES module: dnsq starts 9 ms after `node -e 0` instead of 20.
set -e
node_modules/.bin/esbuild dist/bin/*.js --bundle --platform=node --target=node20 --format=cjs --packages=external \
  --outdir=dist/bin --allow-overwrite --log-level=warning \
  --define:import.meta.url=moduleUrl \
  --banner:js='const moduleUrl = "file://" + encodeURI(__filename).replace(/[?#]/g, encodeURIComponent);'
rm -f dist/bin/*.d.ts
node -p 'const { name, version } = require("./package.json"); JSON.stringify({ name, version, type: "commonjs" })' \
  >dist/bin/package.json
rm -rf command
mkdir command

# A program is a shell script for its first two lines, and JavaScript for node, which takes the second for a string and
# a comment. The shell does two things: it finds node in PATH, and it lifts a soft limit on data that no Node can live
# with, because the run scripts of djbdns say `softlimit -d300000` (octets). 200000 and 300000 are kilobytes; dnscache
# with its default cache needs 80000. A larger limit, and the hard one, are left as they are.
cat >dist/bin/launcher <<'LAUNCHER'
#!/bin/sh
':' //; d=$(ulimit -S -d); [ "${d:-unlimited}" = unlimited ] || [ "$d" -ge 200000 ] || ulimit -S -d 300000; exec node "$0" "$@"
LAUNCHER
for main in dist/bin/*.js; do
  sed 1d "$main" | cat dist/bin/launcher - >dist/bin/linked
  mv dist/bin/linked "$main"
  chmod 755 "$main"
  ln -s "../$main" "command/$(basename "$main" .js)"
done
rm dist/bin/launcher
