// The units under systemd itself, in a machine that had nothing of the package before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMachine, needsMachine } from '../support/machine.ts';

test('under systemd itself every unit serves its service directory, and its log is read by dnslog', {
  skip: needsMachine('systemctl', 'make', 'dig'),
}, () => {
  const script = `
sh scripts/install.sh '' /usr/local
PATH=/usr/local/bin:$PATH
cp systemd/*@.* /etc/systemd/system/
set -e
tinydns-conf nobody nobody /etc/tinydns 127.44.8.1
axfrdns-conf nobody nobody /etc/axfrdns /etc/tinydns 127.44.8.1
rbldns-conf nobody nobody /etc/rbldns 127.44.8.2 rbl.test
walldns-conf nobody nobody /etc/walldns 127.44.8.3
tinydns-conf nobody nobody /etc/copy 127.44.8.7
axfr-getd-conf nobody daemon /etc/axfr-getd /etc/copy 127.44.8.8
pickdns-conf nobody nobody /etc/pickdns 127.44.8.4
dnscache-conf nobody nobody /etc/dnscache 127.44.8.5
printf '.a.test:127.44.8.1\n+w.a.test:192.0.2.1\n' >/etc/tinydns/root/data
printf ':127.0.0.2:listed\n192.0.2.0/24\n' >/etc/rbldns/root/data
printf '+p.test:192.0.2.4\n' >/etc/pickdns/root/data
echo 127.44.8.1 >/etc/dnscache/root/servers/@
echo ':allow' >/etc/axfrdns/tcp
touch /etc/dnscache/root/ip/127.44.8
echo Izones >/etc/copy/root/data
echo 127.44.8.1 >/etc/axfr-getd/root/servers/a.test
for directory in tinydns/root axfrdns rbldns/root pickdns/root; do make -C /etc/$directory >/dev/null; done
# Without libc, as where koffi was left out, systemd's own program says that the server serves.
mkdir /etc/systemd/system/walldns@.service.d
printf '[Service]\nEnvironment=DJBDNS_PLAIN=1\n' >/etc/systemd/system/walldns@.service.d/plain.conf
# What cannot run for want of its address is tried until it can: more often than systemd itself would.
echo 203.0.113.1 >/etc/pickdns/env/IP
mkdir /etc/systemd/system/pickdns@.service.d
printf '[Service]\nRestartSec=50ms\n' >/etc/systemd/system/pickdns@.service.d/often.conf
systemctl start --no-block pickdns@etc-pickdns
for server in tinydns axfrdns rbldns walldns dnscache; do services="$services $server@etc-$server"; done
systemctl enable --now $services tinydns@etc-copy axfr-getd@etc-axfr\\\\x2dgetd 2>/dev/null
ask() { dig +short +time=1 +tries=9 "$@" | grep -v '^;' | tr '\n' ' '; }
until ask @127.44.8.7 w.a.test | grep 192; do sleep 0.1; done
journalctl -o cat -u 'axfr-getd@*' | tail -5
echo "copied $(ask @127.44.8.7 w.a.test)"
echo "tinydns $(ask @127.44.8.1 w.a.test)"
echo "axfrdns $(ask @127.44.8.1 +tcp w.a.test)"
echo "rbldns $(ask @127.44.8.2 1.2.0.192.rbl.test)"
echo "walldns $(ask @127.44.8.3 -x 192.0.2.7)"
until [ $(systemctl show -P NRestarts pickdns@etc-pickdns) -gt 5 ]; do
  systemctl is-failed -q pickdns@etc-pickdns && break
  sleep 0.1
done
echo 127.44.8.4 >/etc/pickdns/env/IP
until systemctl is-active -q pickdns@etc-pickdns || systemctl is-failed -q pickdns@etc-pickdns; do sleep 0.1; done
echo "pickdns $(ask @127.44.8.4 p.test)"
echo "dnscache $(ask -b 127.44.8.6 @127.44.8.5 w.a.test)"
# The unit is up when the server serves: the first question has an answer.
systemctl restart tinydns@etc-tinydns
echo "restarted $(dig +short +time=20 +tries=1 @127.44.8.1 w.a.test)"
ps -o user= -p $(systemctl show -P MainPID tinydns@etc-tinydns) | sed 's/^root$/as root/; s/^/user /'
journalctl -o cat -u tinydns@etc-tinydns | dnslog
`;
  const { code, stdout, stderr } = inMachine(script, 'systemd');
  const output = stdout.toString();
  assert.equal(code, 0, `${output}${stderr}`);
  for (const line of [
    'copied 192.0.2.1',
    'tinydns 192.0.2.1',
    'axfrdns 192.0.2.1',
    'rbldns 127.0.0.2',
    'walldns 7.2.0.192.in-addr.arpa.',
    'pickdns 192.0.2.4',
    'dnscache 192.0.2.1',
    'restarted 192.0.2.1',
  ]) {
    assert.match(output, new RegExp(`^${line} ?$`, 'm'), `${line}:\n${output}`);
  }
  assert.doesNotMatch(output, /as root/);
  assert.equal([...output.matchAll(/^[-0-9]+ [:.0-9]+ +starting +tinydns$/gm)].length, 2, output);
});
