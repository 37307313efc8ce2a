// Dialogues: EDNS in questions to servers, and servers that do not know it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { reply, TC } from '../support/scripted.ts';

const OPT = '0000290200000000000000'; // 512 octets, or as many as are put in
const optOf = (query: Buffer) => query.subarray(12 + 3 + 4).toString('hex');
const answers: Server = ({ name }) => ({ answer: [`${name} 60 A 192.0.2.1`] });

/** Whether the question has an OPT record. */
const hasOpt = (raw: Buffer) => raw.readUInt16BE(10) === 1;

function asking(servers: Record<string, Server>, edns = 1232): Dialogue {
  return new Dialogue(servers, { roots: { '.': Object.keys(servers) }, edns });
}

test('without $EDNS no question has an OPT record; with it each has, of that size', () => {
  assert.equal(optOf(asking({ '10.0.0.1': answers }, 0).ask('x').sent[0]!.query), '');
  assert.equal(optOf(asking({ '10.0.0.1': answers }).ask('x').sent[0]!.query), OPT.replace('0200', '04d0'));
});

test('responses up to that size are taken over UDP; longer ones are ignored', () => {
  const many =
    (count: number): Server =>
    (asked) =>
      new Uint8Array(reply(asked, { answer: Array(count).fill('x 60 A 192.0.2.1'), oversize: true }));
  const inside = asking({ '10.0.0.1': many(60) }).ask('x');
  assert.deepEqual([inside.records.length, inside.sent.length], [60, 1]);
  assert.equal(asking({ '10.0.0.1': many(80) }).ask('x').flags, 0x8182);
  assert.equal(asking({ '10.0.0.1': many(60) }, 0).ask('x').flags, 0x8182);
});

/** FORMERR, NOTIMP, and BADVERS in an OPT record. */
const IGNORANT: readonly [title: string, server: Server][] = [
  ['FORMERR', (asked) => (hasOpt(asked.raw) ? { rcode: 1 } : answers(asked))],
  ['NOTIMP', (asked) => (hasOpt(asked.raw) ? { rcode: 4 } : answers(asked))],
  [
    'BADVERS',
    (asked) => {
      if (!hasOpt(asked.raw)) return answers(asked);
      const message = Buffer.concat([reply(asked, { flags: 0 }), Buffer.from('0000290200010000000000', 'hex')]);
      message.writeUInt16BE(1, 10);
      return message;
    },
  ],
];

for (const [title, server] of IGNORANT) {
  test(`a server that answers ${title} is asked at once without OPT, and for an hour`, () => {
    const dialogue = asking({ '10.0.0.1': server });
    const first = dialogue.ask('x');
    assert.deepEqual(first.records, ['x 60 A 192.0.2.1']);
    assert.deepEqual([first.sent.map(({ query }) => hasOpt(query)), first.seconds], [[true, false], 0]);
    dialogue.now += 3500;
    assert.deepEqual(
      dialogue.ask('y').sent.map(({ query }) => hasOpt(query)),
      [false],
    );
    dialogue.now += 200;
    assert.deepEqual(
      dialogue.ask('z').sent.map(({ query }) => hasOpt(query)),
      [true, false],
    );
  });
}

const sizeOf = (query: Buffer) => (hasOpt(query) ? query.readUInt16BE(query.length - 8) : 0);

test('silence is no reason to leave OPT out; after two timeouts a server is asked once for 512 octets', () => {
  const { sent } = asking({ '10.0.0.1': () => 'silent' }).ask('x');
  assert.deepEqual(
    sent.map(({ query }) => sizeOf(query)),
    [1232, 1232, 512, 1232],
  );
});

test('a server whose large responses get lost is heard in the third round', () => {
  const small: Server = (asked) => (sizeOf(asked.raw) > 512 ? 'silent' : answers(asked));
  assert.deepEqual(asking({ '10.0.0.1': small }).ask('x').records, ['x 60 A 192.0.2.1']);
});

test('a server that was heard from before is not asked for less', () => {
  const dialogue = asking({ '10.0.0.1': (asked) => (asked.name === 'x' ? answers(asked) : 'silent') });
  dialogue.ask('x');
  const { sent } = dialogue.ask('y');
  assert.deepEqual(
    sent.map(({ query }) => sizeOf(query)),
    [1232, 1232, 1232, 1232],
  );
});

test('what is truncated is asked over TCP with OPT, and an OPT record in a response is nobody else’s', () => {
  const server: Server = (asked) => {
    if (!asked.overTcp) return { flags: TC };
    const message = Buffer.concat([reply(asked, { answer: ['x 60 A 192.0.2.1'] }), Buffer.from(OPT, 'hex')]);
    message.writeUInt16BE(1, 10);
    return message;
  };
  const { sent, records, bytes } = asking({ '10.0.0.1': server }).ask('x');
  assert.deepEqual(
    sent.map(({ transport, query }) => `${transport} ${hasOpt(query)}`),
    ['udp true', 'tcp true'],
  );
  assert.deepEqual([records, bytes.readUInt16BE(10)], [['x 60 A 192.0.2.1'], 0]);
});
