// The .socket units under systemd itself: the first question starts the server, and in restarts under load the queue
// of a socket, and connections that wait for it, are there for the next process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMachine, needsMachine } from '../support/machine.ts';

/** Sets tinydns and dnscache up, their sockets on addresses of their own, with nothing but the sockets started. */
const SET_UP = `
sh scripts/install.sh '' /usr/local || exit 99
PATH=/usr/local/bin:$PATH
cp systemd/tinydns@.* systemd/dnscache@.* /etc/systemd/system/
set -e
tinydns-conf nobody nobody /etc/tinydns 192.0.2.1
dnscache-conf nobody nobody /etc/dnscache 192.0.2.1
printf '.a.test:127.44.9.1\\n+w.a.test:192.0.2.1\\n' >/etc/tinydns/root/data
make -C /etc/tinydns/root >/dev/null
echo 127.44.9.1 >/etc/dnscache/root/servers/@
touch /etc/dnscache/root/ip/127
address() {
  mkdir /etc/systemd/system/$1@etc-$1.socket.d
  printf "[Socket]\\n$2" >/etc/systemd/system/$1@etc-$1.socket.d/address.conf
}
address tinydns 'ListenDatagram=\\nListenDatagram=127.44.9.1:53\\n'
address dnscache \
  'ListenDatagram=\\nListenStream=\\nListenDatagram=127.44.9.2:53\\nListenStream=127.44.9.2:53\\n'
systemctl start tinydns@etc-tinydns.socket dnscache@etc-dnscache.socket
echo "before $(systemctl is-active tinydns@etc-tinydns dnscache@etc-dnscache | tr '\\n' ' ')"
ask() { dig +short +time=30 +tries=1 "$@" | tr '\\n' ' '; }
`;

/** Asks 500 questions a second for three seconds, each once, in the background; `report`, for when that is over. */
const LOAD = `
load() {
  echo "$3" >questions-$1
  dnsperf -s $2 -d questions-$1 -l 3 -Q 500 -q 10000 -t 60 >report-$1 2>/dev/null &
}
report() { echo "$1 $(sed -n 's/^ *Queries \\([sl][a-z]*\\): *\\([0-9]*\\).*/\\1 \\2/p' report-$1 | tr '\\n' ' ')"; }
`;

test('tinydns and dnscache serve sockets of systemd, and no question to them is lost when they are restarted', {
  skip: needsMachine('systemctl', 'make', 'dig', 'dnsperf'),
}, () => {
  // dnscache is asked what it knows without its cache, of which nothing outlives it: names that it has to look up wait
  // in a table of 200.
  const script = `${SET_UP}${LOAD}
echo "first $(ask @127.44.9.2 w.a.test)"
echo "stream $(ask @127.44.9.2 +tcp w.a.test)"
echo "after $(systemctl is-active tinydns@etc-tinydns dnscache@etc-dnscache | tr '\\n' ' ')"
load tinydns 127.44.9.1 'w.a.test A'
load dnscache 127.44.9.2 'localhost A'
for restart in 1 2; do sleep 0.5; systemctl restart tinydns@etc-tinydns dnscache@etc-dnscache; done
systemctl restart dnscache@etc-dnscache &
for connection in 1 2 3 4 5 6; do ask @127.44.9.2 +tcp w.a.test; echo; done
wait
report tinydns
report dnscache
echo "starts $(journalctl -o cat -u tinydns@etc-tinydns | grep -c ' starting tinydns$')"
journalctl -o cat -u tinydns@etc-tinydns | grep -i warning || echo no warning
`;
  const { code, stdout, stderr } = inMachine(script, 'systemd');
  const output = stdout.toString();
  assert.equal(code, 0, `${output}${stderr}`);
  const line = (start: string): string => new RegExp(`^${start} (.*?) *$`, 'm').exec(output)?.[1] ?? output;
  assert.equal(line('before'), 'inactive inactive');
  assert.equal(line('first'), '192.0.2.1');
  assert.equal(line('stream'), '192.0.2.1');
  assert.equal(line('after'), 'active active');
  assert.match(line('tinydns'), /^sent (?!0)\d+ lost 0$/);
  assert.match(line('dnscache'), /^sent (?!0)\d+ lost 0$/);
  assert.equal([...output.matchAll(/^192\.0\.2\.1 *$/gm)].length, 6, output);
  assert.equal(line('starts'), '3');
  assert.match(output, /^no warning$/m);
});
