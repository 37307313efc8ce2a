// Zones to and from BIND, NSD and Knot: they copy from axfrdns, under tcpserver and with --listen, refresh when they
// are told to, and give back what they were given.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../support/name-servers.ts';
import { command, find, needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { SECONDARIES } from '../support/secondaries.ts';
import { axfrdns, framedQuery, messagesIn, recordsIn, zoneData } from '../support/transfer.ts';

const ZONE = 'moved.test';
const RECORDS = 2000;

/** Without the wait for the two seconds that a data file's timestamp would need: the serial stands in the data. */
function publish(root: string, serial: number): void {
  writeFileSync(`${root}/data`, zoneData(ZONE, RECORDS, serial));
  const { code, stderr } = run('tinydns-data', [], { cwd: root });
  assert.equal(stderr, '');
  assert.equal(code, 0);
}

/** The zone as dig, an independent client, gets it: its lines in a fixed order. */
function digAxfr({ ip, port }: Address): string[] {
  const { stdout } = run(find('dig')!, [`@${ip}`, '-p', String(port), ZONE, 'AXFR', '+noall', '+answer', '+onesoa']);
  const lines = stdout.toString('latin1').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => line.replace(/\s+/g, ' '))
    .sort();
}

function serialAt({ ip, port }: Address): string {
  const args = [`@${ip}`, '-p', String(port), ZONE, 'SOA', '+short', '+norecurse', '+tries=1', '+time=1'];
  return run(find('dig')!, args).stdout.toString('latin1').split(' ')[2] ?? '';
}

async function untilSerial(address: Address, serial: number, server: Running): Promise<void> {
  for (let i = 0; i < 150; i++) {
    if (serialAt(address) === String(serial)) return;
    await sleep(100);
  }
  assert.fail(`${address.ip} still has the serial ${serialAt(address)}:\n${server.log()}`);
}

function startTcpserver(root: string, { ip, port }: Address): Running {
  return start(find('tcpserver')!, ['-vDRHl0', '--', ip, String(port), command('axfrdns')], {
    env: { ROOT: root, UNPRIVILEGED: '1' },
  });
}

function startListening(root: string, { ip, port }: Address): Running {
  run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(`:allow,AXFR="${ZONE}"\n`) });
  return start('axfrdns', ['--listen'], {
    cwd: root,
    env: { ROOT: root, UNPRIVILEGED: '1', IP: ip, PORT: String(port) },
  });
}

const MODES = [
  { name: 'tcpserver', net: 1, program: 'tcpserver', start: startTcpserver, ready: /status: 0\/40/ },
  { name: 'axfrdns --listen', net: 2, program: undefined, start: startListening, ready: /starting axfrdns/ },
] as const;

for (const mode of MODES) {
  const missing = needs('dig', 'tcpclient', ...(mode.program ? [mode.program] : []));
  describe(`a zone of ${RECORDS} records served by ${mode.name}`, { skip: missing }, () => {
    const primary: Address = { ip: `127.43.${mode.net}.1`, port: 5300 };
    const root = temporaryDirectory();
    const servers: Running[] = [];

    before(async () => {
      publish(root, 1001);
      const tinydns = start('tinydns', [], {
        env: { ROOT: root, UNPRIVILEGED: '1', IP: primary.ip, PORT: String(primary.port) },
      });
      const axfr = mode.start(root, primary);
      servers.push(tinydns, axfr);
      await tinydns.logged(/starting tinydns/);
      await axfr.logged(mode.ready);
    });
    after(async () => {
      for (const server of servers) await server.stop('SIGTERM'); // NSD must stop its other processes
    });

    for (const [index, kind] of SECONDARIES.entries()) {
      describe(kind.name, { skip: needs(kind.program) }, () => {
        const local: Address = { ip: kind.ip ?? `127.43.${mode.net}.${index + 2}`, port: 14300 + mode.net };
        let secondary: Running;

        before(async () => {
          publish(root, 1001);
          secondary = kind.start({ zone: ZONE, local, primary });
          servers.push(secondary);
        });

        test('copies it and serves the same records', async () => {
          await untilSerial(local, 1001, secondary);
          const ours = digAxfr(primary);
          assert.ok(ours.length >= RECORDS, `${ours.length} records`);
          assert.deepEqual(digAxfr(local), ours);
        });

        test('refreshes when tinydns-notify tells it to', async () => {
          publish(root, 2002);
          const { code, stdout, stderr } = run('tinydns-notify', ['-s', primary.ip, ZONE, `${local.ip}:${local.port}`]);
          assert.deepEqual([stderr, stdout.toString(), code], ['', `${local.ip}:${local.port} acknowledged\n`, 0]);
          await untilSerial(local, 2002, secondary);
          assert.deepEqual(digAxfr(local), digAxfr(primary));
        });

        for (const how of ['by itself', 'under tcpclient'] as const) {
          test(`gives it back to axfr-get ${how}, and the compiled file answers the same`, () => {
            const directory = temporaryDirectory();
            const args =
              how === 'by itself'
                ? ['axfr-get', ZONE, 'zone', 'zone.tmp', `${local.ip}:${local.port}`]
                : [
                    'tcpclient',
                    '-RHl0',
                    '--',
                    local.ip,
                    String(local.port),
                    command('axfr-get'),
                    ZONE,
                    'zone',
                    'zone.tmp',
                  ];
            const [program, ...rest] = args as [string, ...string[]];
            const path = program === 'tcpclient' ? find(program)! : program;
            const fetched = run(path, rest, { cwd: directory });
            assert.deepEqual([fetched.stderr, fetched.code], ['', 0]);
            assert.match(readFileSync(`${directory}/zone`, 'latin1'), /^#2002 auto axfr-get\n/);
            const again = run(path, rest, { cwd: directory });
            assert.deepEqual([again.stderr, again.code], ['', 0]);

            mkdirSync(`${directory}/root`);
            copyFileSync(`${directory}/zone`, `${directory}/root/data`);
            assert.equal(run('tinydns-data', [], { cwd: `${directory}/root` }).code, 0);
            assertSameZone(root, `${directory}/root`);
            rmSync(directory, { recursive: true });
          });
        }
      });
    }
  });
}

/** Both data.cdb give the same records in a transfer, and the same answers for each name in it. */
function assertSameZone(rootA: string, rootB: string): void {
  const transfers = [rootA, rootB].map((root) => recordsIn(axfrdns(root, framedQuery(ZONE, 'AXFR')).stdout));
  assert.deepEqual([...transfers[1]!].sort(), [...transfers[0]!].sort());
  const names = new Set(transfers[0]!.map((record) => record.slice(0, record.indexOf(' '))));
  const questions = [...names].flatMap((name) => [framedQuery(name, 'A'), framedQuery(name, 'MX')]);
  const input = Buffer.concat(questions.filter((_, i) => i % 5 === 0));
  const answers = [rootA, rootB].map((root) => messagesIn(axfrdns(root, input).stdout).map(sortedSections));
  assert.equal(answers[0]!.length, Math.ceil(questions.length / 5));
  assert.deepEqual(answers[1], answers[0]);
}

/** A reply with each section's records in a fixed order: name servers may come back in another one. */
function sortedSections(message: Buffer): string {
  return recordsIn(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]))
    .sort()
    .join('\n');
}
