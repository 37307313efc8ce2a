// axfrdns and axfr-get under other UCSPI tools than ucspi-tcp, over TLS, and against the C originals.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, find, needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { axfrdns, framedQuery, recordsIn, zoneData } from '../support/transfer.ts';

const ZONE = 'ucspi.test';

function zoneFolder(): string {
  const root = temporaryDirectory();
  // SRV records as another type: Debian's axfr-get has a patch for them that djbdns 1.05 has not.
  writeFileSync(`${root}/data`, zoneData(ZONE, 500, 3).replaceAll(':33:', ':44:'));
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  return root;
}

const root = zoneFolder();
const env = { ROOT: root, UNPRIVILEGED: '1' };

async function untilListening(ip: string, port: number, server: Running): Promise<void> {
  for (let i = 0; i < 250; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, ip, () => resolve(true)).on('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(20);
  }
  assert.fail(`nobody listens on ${ip}:${port}: ${server.log()}`);
}

/** Fetches the zone, compiles it, and holds its records against those it came from. */
function fetchAndCompare(program: string, args: readonly string[], directory = temporaryDirectory()): void {
  const { code, stderr } = run(program, args, { cwd: directory });
  assert.deepEqual([stderr, code], ['', 0]);
  assert.equal(run('/bin/mv', ['zone', 'data'], { cwd: directory }).code, 0);
  assert.equal(run('tinydns-data', [], { cwd: directory }).code, 0);
  const records = [root, directory].map((from) => recordsIn(axfrdns(from, framedQuery(ZONE, 'AXFR')).stdout));
  assert.ok(records[0]!.length > 500);
  assert.deepEqual([...records[1]!].sort(), [...records[0]!].sort());
}

test('a zone is the same after data, axfrdns, axfr-get, tinydns-data and axfrdns again', {
  skip: needs('tcpserver'),
}, async () => {
  const server = start(find('tcpserver')!, ['-RHl0', '127.43.5.1', '5300', command('axfrdns')], { env });
  try {
    await untilListening('127.43.5.1', 5300, server);
    fetchAndCompare('axfr-get', [ZONE, 'zone', 'zone.tmp', '127.43.5.1:5300']);
  } finally {
    await server.stop('SIGTERM');
  }
});

test('axfrdns serves a transfer under tcpsvd', { skip: needs('tcpsvd') }, async () => {
  const server = start(find('tcpsvd')!, ['-v', '-l', 'localhost', '127.43.5.2', '5300', command('axfrdns')], { env });
  try {
    await untilListening('127.43.5.2', 5300, server);
    fetchAndCompare('axfr-get', [ZONE, 'zone', 'zone.tmp', '127.43.5.2:5300']);
  } finally {
    await server.stop('SIGTERM');
  }
});

describe('over TLS', { skip: needs('stunnel', 'openssl') }, () => {
  test('a transfer goes through stunnel at both ends: axfrdns as its program, axfr-get through its client', async () => {
    const directory = temporaryDirectory();
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const files = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=axfr.test'];
    assert.equal(run(find('openssl')!, [...request, ...files], { cwd: directory }).code, 0);
    const common = `foreground = yes\npid =\nsyslog = no\n`;
    writeFileSync(
      `${directory}/server.conf`,
      `${common}[axfr]\naccept = 127.43.5.3:8530\ncert = ${directory}/cert.pem\nkey = ${directory}/key.pem\nexec = ${command('axfrdns')}\nexecArgs = axfrdns\n`,
    );
    writeFileSync(
      `${directory}/client.conf`,
      `${common}[axfr]\nclient = yes\naccept = 127.43.5.4:5300\nconnect = 127.43.5.3:8530\nCAfile = ${directory}/cert.pem\nverifyPeer = yes\n`,
    );
    const stunnel = find('stunnel')!;
    const servers = [
      start(stunnel, [`${directory}/server.conf`], { env }),
      start(stunnel, [`${directory}/client.conf`], {}),
    ];
    try {
      await untilListening('127.43.5.3', 8530, servers[0]!);
      await untilListening('127.43.5.4', 5300, servers[1]!);
      fetchAndCompare('axfr-get', [ZONE, 'zone', 'zone.tmp', '127.43.5.4:5300']);
    } finally {
      for (const server of servers) await server.stop('SIGTERM');
    }
  });
});

describe('beside the C originals', { skip: needs('axfrdns', 'tcpserver', 'tcpclient') }, () => {
  const originals = () => ({ server: find('axfrdns')!, client: find('axfr-get')! });

  test('axfr-get fetches from the original axfrdns, and the original fetches from ours', {
    skip: needs('root'), // the original has to chroot; it runs as nobody then
  }, async () => {
    const servers = [
      start(find('tcpserver')!, ['-RHl0', '127.43.5.5', '5300', originals().server], {
        env: { ROOT: root, UID: '65534', GID: '65534' },
      }),
      start(find('tcpserver')!, ['-RHl0', '127.43.5.6', '5300', command('axfrdns')], { env }),
    ];
    try {
      await untilListening('127.43.5.5', 5300, servers[0]!);
      await untilListening('127.43.5.6', 5300, servers[1]!);
      fetchAndCompare('axfr-get', [ZONE, 'zone', 'zone.tmp', '127.43.5.5:5300']);
      const args = ['-RHl0', '127.43.5.6', '5300', originals().client, ZONE, 'zone', 'zone.tmp'];
      fetchAndCompare(find('tcpclient')!, args);
    } finally {
      for (const server of servers) await server.stop('SIGTERM');
    }
  });

  test('both axfr-gets write the same file from the same stream', () => {
    const directory = temporaryDirectory();
    const stream = Buffer.concat([framedQuery(ZONE, 'SOA'), framedQuery(ZONE, 'AXFR')]);
    writeFileSync(`${directory}/stream`, axfrdns(root, stream).stdout);
    const written = [originals().client, command('axfr-get')].map((client) => {
      const script = `exec ${client} ${ZONE} zone zone.tmp 6<stream 7>/dev/null`;
      const { code, stderr } = run('/bin/sh', ['-c', `rm -f zone; ${script}`], { cwd: directory });
      assert.deepEqual([stderr, code], ['', 0]);
      return readFileSync(`${directory}/zone`, 'latin1');
    });
    assert.equal(written[1], written[0]);
  });
});
