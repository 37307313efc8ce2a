// Replies made to be expensive to read: as long as TCP allows, every name behind a chain of pointers, records by the
// thousand. Reading one must not take longer than the network took to bring it, roughly: nobody else is served then.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../support/ask.ts';
import { cpuSeconds } from '../support/process.ts';
import { type Query, reply, TC } from '../support/scripted.ts';
import { miniInternet, skipMini, TRUTH } from './mini.ts';

const TYPE_A = 1;
const TYPE_NS = 2;
const TYPE_CNAME = 5;
const TYPE_MX = 15;
const MESSAGE_MAX = 65535;
const HEADER_SIZE = 12;

/** A message under construction: the query's header and question, then records. */
class Forge {
  readonly bytes: Buffer = Buffer.alloc(MESSAGE_MAX);
  length: number;

  constructor(query: Query) {
    this.length = nameEnd(query.raw) + 4;
    query.raw.copy(this.bytes, 0, 0, this.length);
    this.bytes.writeUInt16BE(0x8400, 2);
    this.bytes.writeUInt16BE(0, 10);
  }

  hasRoom(octets: number): boolean {
    return this.length + octets <= MESSAGE_MAX;
  }

  /** Adds a record to section 1 to 3; sections in order. */
  record(section: number, owner: Uint8Array, type: number, data: Uint8Array): void {
    const fixed = Buffer.from([0, type, 0, 1, 0, 0, 1, 44, data.length >> 8, data.length & 255]);
    for (const part of [owner, fixed, data]) {
      this.bytes.set(part, this.length);
      this.length += part.length;
    }
    const at = 4 + 2 * section;
    this.bytes.writeUInt16BE(this.bytes.readUInt16BE(at) + 1, at);
  }

  get message(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

function nameEnd(message: Buffer): number {
  let pos = HEADER_SIZE;
  while (message[pos] !== 0) pos += message[pos]! + 1;
  return pos + 1;
}

function pointer(to: number): Uint8Array {
  return Uint8Array.of(0xc0 | (to >> 8), to & 255);
}

/** The data of a record at `at` (its data's offset): a name of 250 octets, then pointers, each to the one before. */
function pointerChain(at: number, pointers: number): { data: Uint8Array; last: number } {
  const label = Buffer.concat([Buffer.from([49]), Buffer.alloc(49, 'a')]);
  const parts: Uint8Array[] = [label, label, label, label, label, Uint8Array.of(0)];
  let last = at;
  for (let i = 0, pos = at + 251; i < pointers; i++, pos += 2) {
    parts.push(pointer(last));
    last = pos;
  }
  return { data: Buffer.concat(parts), last };
}

const ATTACKS: readonly { title: string; forge: (query: Query) => Buffer }[] = [
  {
    title: 'a referral to 2,000 servers with 1,600 addresses that are none of theirs',
    forge: (query) => {
      const forge = new Forge(query);
      const zone = pointer(HEADER_SIZE + 2); // the name asked for is x.ZONE
      const { data, last } = pointerChain(forge.length + 12, 600);
      forge.record(2, zone, TYPE_NS, data);
      for (let i = 0; i < 2000; i++) forge.record(2, zone, TYPE_NS, pointer(last));
      for (let i = 0; forge.hasRoom(20); i++) {
        const owner = Buffer.concat([Buffer.from(`\x03${i.toString(36).padStart(3, '0')}`), zone]);
        forge.record(3, owner, TYPE_A, Uint8Array.of(192, 0, 2, 1));
      }
      return forge.message;
    },
  },
  {
    title: '4,000 addresses of one name',
    forge: (query) => {
      const forge = new Forge(query);
      const owner = pointer(HEADER_SIZE);
      for (let i = 0; forge.hasRoom(16); i++) forge.record(1, owner, TYPE_A, Uint8Array.of(10, 0, i >> 8, i & 255));
      return forge.message;
    },
  },
  {
    title: '3,000 mail exchangers, each name behind 600 pointers',
    forge: (query) => {
      const forge = new Forge(query);
      const owner = pointer(HEADER_SIZE);
      const { data, last } = pointerChain(forge.length + 14, 600);
      forge.record(1, owner, TYPE_MX, Buffer.concat([Uint8Array.of(0, 1), data]));
      const exchanger = Buffer.concat([Uint8Array.of(0, 1), pointer(last)]);
      while (forge.hasRoom(16)) forge.record(1, owner, TYPE_MX, exchanger);
      return forge.message;
    },
  },
  {
    title: 'aliases by the thousand, in the wrong order',
    forge: (query) => {
      const forge = new Forge(query);
      const zone = pointer(HEADER_SIZE + 2);
      const name = (i: number): Buffer => Buffer.concat([Buffer.from(`\x03${i.toString(36).padStart(3, '0')}`), zone]);
      const count = 2000;
      for (let i = count; i > 0; i--) forge.record(1, name(i), TYPE_CNAME, name(i + 1));
      forge.record(1, pointer(HEADER_SIZE), TYPE_CNAME, name(1));
      return forge.message;
    },
  },
  {
    title: '2,500 names of 127 labels, each a set of its own',
    forge: (query) => {
      const forge = new Forge(query);
      const long = Buffer.concat([Buffer.alloc(220, '\x01a'), pointer(HEADER_SIZE + 2)]);
      const at = forge.length;
      forge.record(3, long, TYPE_A, Uint8Array.of(10, 0, 0, 1));
      for (let i = 0; forge.hasRoom(20); i++) {
        const owner = Buffer.concat([Buffer.from(`\x03${i.toString(36).padStart(3, '0')}`), pointer(at)]);
        forge.record(3, owner, TYPE_A, Uint8Array.of(10, 0, 0, 1));
      }
      return forge.message;
    },
  },
];

describe('a dnscache that is sent expensive replies', { skip: skipMini() }, () => {
  const { internet, fresh } = miniInternet('127.41.10');
  const QUESTIONS = 5;

  for (const { title, forge } of ATTACKS) {
    test(`${title}: at most 100 ms of CPU for each`, async (t) => {
      const costs: string[] = [];
      for (const original of [true, false]) {
        const patience = original ? 500 : 8000;
        const resolver = await fresh({ original });
        await ask(resolver.address, 'www.victim.good');
        internet.attack((query, send) => {
          if (query.name === 'ns.evil') return send(reply(query, internet.evilZone.answer(query)));
          send(query.overTcp ? forge(query) : reply(query, { flags: TC }));
        });
        await ask(resolver.address, 'x.warm.evil', 'A', patience); // the first one is compiled
        const before = cpuSeconds(resolver.pid);
        for (let i = 0; i < QUESTIONS; i++) await ask(resolver.address, `x.n${i}.evil`, i % 2 ? 'A' : 'MX', patience);
        const cost = ((cpuSeconds(resolver.pid) - before) * 1000) / QUESTIONS;
        costs.push(`${resolver.name} ${cost.toFixed(0)} ms`);
        if (original) continue;
        t.diagnostic(costs.join(', '));
        assert.ok(
          internet.askedOfEvil.some(({ overTcp }) => overTcp),
          'nobody asked over TCP',
        );
        assert.ok(cost < 100, `${cost} ms of CPU`);
        assert.deepEqual((await ask(resolver.address, 'v1.victim.good')).records, [`v1.victim.good A "${TRUTH}"`]);
      }
    });
  }
});
