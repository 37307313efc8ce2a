#!/bin/sh
# Bundles each main of bin/ into one CommonJS file of dist/bin, and fills command/ with one link per program, named as
# in djbdns: command/tinydns -> ../dist/bin/tinydns.js. Bundled because Node's loader takes half a millisecond for each
# ES module: dnsq starts 9 ms after `node -e 0` instead of 20. A program is replaced by rename: one that is running, or
# starting, meets the old one or the new one whole.
set -e
rm -rf dist/bundles
node_modules/.bin/esbuild bin/*.ts --bundle --platform=node --target=node20 --format=cjs --packages=external \
  --outdir=dist/bundles --log-level=warning \
  --define:import.meta.url=moduleUrl \
  --banner:js='const moduleUrl = "file://" + encodeURI(__filename).replace(/[?#]/g, encodeURIComponent);'
mkdir -p command
find dist/bin -name '*.d.ts' -delete
# Declarations name the files that they stand beside as published, not the sources.
grep -lrE "'\.[^']*\.ts'" dist/src --include='*.d.ts' | xargs -r sed -i -E "s/'(\.[^']*)\.ts'/'\1.js'/g"
node -p 'const { name, version } = require("./package.json"); JSON.stringify({ name, version, type: "commonjs" })' \
  >dist/bin/package.json

# A program is a shell script for its first two lines, and JavaScript for node, which takes the second for a string and
# a comment. The shell does two things: it finds node in PATH, and it lifts a soft limit on data that no Node can live
# with, because the run scripts of djbdns say `softlimit -d300000` (octets). 200000 and 300000 are kilobytes; dnscache
# with its default cache needs 80000. A larger limit is left as it is, and so is the hard one, which is what there is
# where it is smaller. NODE_OPTIONS is dropped: a variable of a service's environment must not open a debugger, or load
# code before the program's.
cat >dist/bundles/launcher <<'LAUNCHER'
#!/bin/sh
':' //; d=$(ulimit -S -d); [ "${d:-unlimited}" = unlimited ] || [ "$d" -ge 200000 ] || ulimit -S -d 300000 2>/dev/null || ulimit -S -d "$(ulimit -H -d)"; unset NODE_OPTIONS; exec node "$0" "$@"
LAUNCHER
for bundle in dist/bundles/*.js; do
  main=${bundle##*/}
  sed 1d "$bundle" | cat dist/bundles/launcher - >dist/bundles/linked
  chmod 755 dist/bundles/linked
  mv dist/bundles/linked "dist/bin/$main"
  ln -sfn "../dist/bin/$main" "command/${main%.js}"
done
for link in command/*; do [ -e "$link" ] || rm "$link"; done
rm -r dist/bundles
