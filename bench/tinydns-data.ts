// tinydns-data beside the C program, on generated files of 1,000 and 1,000,000 lines: the same bytes, wall time and
// memory; then tinydns's memory over a data.cdb of 150 MB. `make bench-tinydns-data`, with BASE=folder beside another
// checkout's.
import { once } from 'node:events';
import { createWriteStream, readFileSync, statSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, start, temporaryDirectory } from '../test/support/programs.ts';
import { builds, memory, peer, printTable, timeCommand, timeCommands } from './support.ts';

const LINES = 1_000_000;
const BIG_CDB = 150e6;

/** A data file with every common line type, 1,000 lines a zone; the numbers look random and are the same every time. */
async function generate(directory: string, lines: number, textLength = 20): Promise<void> {
  const file = createWriteStream(`${directory}/data`);
  let seed = 1;
  const octet = () => (seed = (seed * 48271) % 0x7fffffff) & 255;
  const text = 'x'.repeat(textLength);
  for (let i = 0; i < lines; i++) {
    const zone = `zone${Math.floor(i / 1000)}.example`;
    const address = `10.${octet()}.${octet()}.${octet()}`;
    let line = `+h${i}.${zone}:${address}:300`;
    if (i % 1000 === 0) line = `.${zone}:${address}:a`;
    else if (i % 10 === 5 || i % 10 === 6) line = `=m${i}.${zone}:${address}`;
    else if (i % 10 === 7) line = `'t${i}.${zone}:text\\072 ${text} ${i}`;
    else if (i % 10 === 8) line = `@x${i}.${zone}::mail.${zone}:10`;
    else if (i % 10 === 9) line = `Cc${i}.${zone}:h1.${zone}`;
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

const ours = command('tinydns-data');
const original = peer('tinydns-data');

for (const lines of [1000, LINES]) {
  const cwd = temporaryDirectory();
  await generate(cwd, lines);
  if (!original) continue;
  timeCommand(original, [], cwd);
  const theirs = readFileSync(`${cwd}/data.cdb`);
  timeCommand(ours, [], cwd);
  const same = theirs.equals(readFileSync(`${cwd}/data.cdb`));
  console.log(
    `${lines} lines, ${theirs.length} octets: ${same ? 'the same bytes as C tinydns-data' : 'DIFFERENT BYTES'}`,
  );
  if (!same) process.exitCode = 1;
  if (lines !== LINES) continue;
  const timings = timeCommands([
    ...builds('tinydns-data').map(({ name, path }) => ({ name, program: path, args: [], cwd })),
    { name: 'C tinydns-data', program: original, args: [], cwd },
  ]);
  printTable(
    `${lines} lines compiled, medians`,
    ['program', 'wall s', 'CPU s', 'CPU ratio', 'MB'],
    timings.map(({ name, wall, cpu, ratio, rssMb }) => [
      name,
      wall.toFixed(2),
      cpu.toFixed(3),
      ratio.toFixed(2),
      rssMb.toFixed(0),
    ]),
  );
}

const ROOT = temporaryDirectory();
await generate(ROOT, 1_000_000, 600);
timeCommand(ours, [], ROOT);
const { size } = statSync(`${ROOT}/data.cdb`);
if (size < BIG_CDB) throw new Error(`data.cdb is only ${size} octets`);
const server = start('tinydns', [], { env: { ROOT, IP: '127.46.1.9', PORT: '5391', UNPRIVILEGED: '1' } });
await server.logged(/starting/);
const { UdpClients, queryPacket } = await import('../test/support/udp.ts');
const clients = new UdpClients('127.46.1.9', 5391);
for (let i = 1; i < 100_000; i++) await clients.ask(queryPacket(`h${i * 10}.zone${Math.floor(i / 100)}.example`, 1));
await sleep(200);
const used = memory(server.process.pid!);
printTable(
  `tinydns over a data.cdb of ${(size / 1e6).toFixed(0)} MB after 100,000 queries, MB resident`,
  ['total', 'beyond files mapped', 'files mapped'],
  [[used.total.toFixed(0), used.anonymous.toFixed(0), used.file.toFixed(0)]],
);
clients.close();
await server.stop();
