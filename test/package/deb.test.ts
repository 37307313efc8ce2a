// The Debian package, on a machine to throw away: it takes the place of the C programs, serves, and goes without trace.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMachine, needsMachine } from '../support/machine.ts';

const C_PROGRAMS = 'tinydns axfrdns dnscache djbdns-utils djbdns-conf dbndns';

test('the package installs, serves a zone by its unit, has its pages, and is removed whole', {
  skip: needsMachine('dpkg-deb', 'strip', 'systemctl', 'make', 'man'),
}, () => {
  const script = `
set -e
sh scripts/deb.sh /run
dpkg --remove --force-depends ${C_PROGRAMS} >/dev/null 2>&1 || :
dpkg --install --force-depends /run/djbdns-ts_*.deb
tinydns-conf nobody dnslog /etc/tinydns 192.0.2.53
cd /etc/tinydns/root
./add-ns example.com 192.0.2.53
./add-host www.example.com 192.0.2.80
make
systemctl enable --now tinydns@etc-tinydns
for second in 1 2 3 4 5 6 7 8 9; do
  dnsq a www.example.com 192.0.2.53 | grep answer && break
  sleep 1
done
getent passwd tinydns dnscache axfrdns rbldns walldns pickdns dnslog | wc -l
man -w tinydns
man -w 7 djbdns
/usr/lib/djbdns-ts/bin/tcprules --version
dpkg --verify djbdns-ts
systemctl disable --now tinydns@etc-tinydns
dpkg --purge djbdns-ts
ls -d /usr/lib/djbdns-ts /usr/share/doc/djbdns-ts /usr/bin/tinydns /lib/systemd/system/tinydns@.service || echo gone
`;
  const { code, stdout, stderr } = inMachine(script, 'systemd');
  const output = stdout.toString();
  assert.equal(code, 0, `${output}${stderr}`);
  assert.match(
    output,
    /\nanswer: www\.example\.com 86400 A 192\.0\.2\.80\n7\n\/usr\/share\/man\/man8\/tinydns\.8\.gz\n/,
  );
  assert.match(output, /\n\/usr\/share\/man\/man7\/djbdns\.7\.gz\ntcprules \d/);
  assert.doesNotMatch(
    output,
    /^(\/usr\/lib\/djbdns-ts|\/usr\/share\/doc\/djbdns-ts|\/usr\/bin\/tinydns|\/lib\/.*@\.service)$/m,
  );
  assert.match(output, /\ngone\n$/);
});
