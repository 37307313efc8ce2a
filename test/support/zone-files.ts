// Zone files as other programs read them: what BIND and Knot make of one, record by record, in octets.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKnot } from './name-servers.ts';
import { find, run, temporaryDirectory } from './programs.ts';

/** A record as `owner type ttl data`, the owner lowercased and both in hexadecimal. */
export type FlatRecord = string;

export function flat(owner: Uint8Array, type: number, ttl: number, data: Uint8Array): FlatRecord {
  const lower = Buffer.from(
    Buffer.from(owner)
      .toString('latin1')
      .replace(/[A-Z]/g, (c) => c.toLowerCase()),
    'latin1',
  );
  return `${lower.toString('hex')} ${type} ${ttl} ${Buffer.from(data).toString('hex')}`;
}

/** What BIND makes of a zone file: its raw format taken apart. */
export function bindRecords(zone: string, text: string): FlatRecord[] {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/zone`, text, 'latin1');
  const args = ['-i', 'none', '-k', 'ignore', '-F', 'raw=1', '-o', `${directory}/raw`, zone, `${directory}/zone`];
  const { code, stdout, stderr } = run(find('named-compilezone')!, args);
  assert.equal(code, 0, `${stdout.toString()}${stderr}`.slice(0, 2000));
  return rawRecords(readFileSync(`${directory}/raw`));
}

/** BIND's raw format: a header of 24 octets, then sets: length, class, type, covered type, TTL, count, owner, data. */
function rawRecords(raw: Buffer): FlatRecord[] {
  const records: FlatRecord[] = [];
  for (let at = 24; at < raw.length; ) {
    const end = at + raw.readUInt32BE(at);
    const type = raw.readUInt16BE(at + 6);
    const ttl = raw.readUInt32BE(at + 10);
    let count = raw.readUInt32BE(at + 14);
    const ownerEnd = at + 20 + raw.readUInt16BE(at + 18);
    const owner = raw.subarray(at + 20, ownerEnd);
    let pos = ownerEnd;
    for (; count > 0; count--) {
      const next = pos + 2 + raw.readUInt16BE(pos);
      records.push(flat(owner, type, ttl, raw.subarray(pos + 2, next)));
      pos = next;
    }
    assert.equal(pos, end);
    at = end;
  }
  return records;
}

/** What Knot makes of a zone file: served by knotd, fetched by kdig in the generic form. */
export async function knotRecords(zone: string, text: string, ip: string, port: number): Promise<FlatRecord[]> {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/zone`, text, 'latin1');
  const server = startKnot(
    directory,
    { ip, port },
    `acl:
  - id: all
    action: transfer
template:
  - id: default
    journal-content: none
    zonefile-load: whole
    semantic-checks: off
zone:
  - domain: "${zone}"
    file: "${directory}/zone"
    acl: all
`,
  );
  try {
    for (let i = 0; i < 300; i++) {
      const args = [`@${ip}`, '-p', String(port), zone, 'AXFR', '+generic', '+noall', '+answer', '+time=30'];
      const { stdout } = run(find('kdig')!, args);
      const records = genericRecords(stdout.toString('latin1'));
      if (records.length > 0) return records;
      await sleep(100);
    }
    return assert.fail(`knotd serves nothing:\n${server.log()}`);
  } finally {
    await server.stop();
  }
}

/** Lines `owner ttl CLASS1 TYPEnnn \# length hex`; owners without escapes. */
function genericRecords(text: string): FlatRecord[] {
  const records: FlatRecord[] = [];
  for (const line of text.split('\n')) {
    const [, owner, ttl, type, hex = ''] =
      /^(\S+)\s+(\d+)\s+(?:CLASS1|IN)\s+TYPE(\d+)\s+\\# \d+ ?([0-9A-Fa-f ]*)$/.exec(line.trim()) ?? [];
    if (owner === undefined) continue;
    const labels = owner.split('.').filter((label) => label !== '');
    const wire = Buffer.concat([
      ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
      Buffer.of(0),
    ]);
    records.push(flat(wire, Number(type), Number(ttl), Buffer.from(hex.replaceAll(' ', ''), 'hex')));
  }
  return records;
}
