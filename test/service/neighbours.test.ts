// Questions with forged addresses of the server's own link, where nobody is: the responses wait in the socket for a
// link-layer address that does not come. Two networks of the test's own, joined by a cable.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { command, needs, temporaryDirectory } from '../support/programs.ts';

/** 1,500 questions a second for five seconds, from 300 addresses that answer no ARP request. */
const FORGER = `
const { createSocket } = require('node:dgram');
const query = Buffer.from('000100000001000000000000013101320133013400000100 01'.replaceAll(' ', ''), 'hex');
const sockets = Array.from({ length: 300 }, (_, i) => {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.bind(4000 + i, '10.77.' + (130 + (i >> 6)) + '.' + (1 + (i & 63)));
  return socket;
});
let sent = 0;
const begin = Date.now();
const timer = setInterval(() => {
  const due = Math.min(7500, (Date.now() - begin) * 1.5);
  for (; sent < due; sent++) sockets[sent % 300].send(query, 53, '10.77.0.1');
  if (sent < 7500) return;
  clearInterval(timer);
  for (const socket of sockets) socket.close();
}, 5);`;

const SCRIPT = `
ip link set lo up
unshare -n sleep 60 & other=$!
for i in $(seq 50); do [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ] && break; sleep 0.1; done
ip link add near type veth peer name far address 02:00:00:00:00:02
ip link set far netns $other
ip addr add 10.77.0.1/16 dev near
ip link set near up
inside="nsenter -t $other -n"
$inside sh -ec 'ip link set lo up; echo 8 > /proc/sys/net/ipv4/conf/far/arp_ignore
  ip addr add 10.77.0.2/16 dev far; ip link set far up; ip route add local 10.77.128.0/17 dev lo'
ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev near nud permanent
ROOT=. UNPRIVILEGED=1 IP=10.77.0.1 "$WALLDNS" 2>log & server=$!
for i in $(seq 100); do grep -qs ^starting log && break; sleep 0.1; done
$inside "$NODE" -e "$FORGER" & forger=$!
sleep 1
for i in 1 2 3 4 5 6 7 8; do $inside dig +tries=1 +time=1 +short -b 10.77.0.2 @10.77.0.1 1.2.3.$i a; sleep 0.2; done
wait $forger
echo forged: $(grep -c ^0a4d8 log)
kill $server $other`;

test('questions with forged addresses of the link do not stop the server for others', {
  skip: needs('root', 'unshare', 'nsenter', 'ip', 'dig'),
}, async () => {
  const env = { ...process.env, WALLDNS: command('walldns'), NODE: process.execPath, FORGER };
  const child = spawn('unshare', ['-n', '--mount-proc', '--fork', '--pid', 'sh', '-ec', SCRIPT], {
    env,
    cwd: temporaryDirectory(),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  const answered = output.split('\n').filter((line) => /^1\.2\.3\.\d$/.test(line)).length;
  assert.ok(Number(/forged: (\d+)/.exec(output)?.[1]) > 3000, output);
  assert.ok(answered >= 7, output);
});
