// Dialogues: which of a zone's servers is asked first. See docs/resolution.md, "Which server first".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { REFUSED } from '../support/scripted.ts';

const answers: Server = ({ name }) => ({ answer: [`${name} 60 A 192.0.2.1`] });

/** A server that takes so many seconds. */
const after =
  (seconds: number): Server =>
  (asked) => ({ after: seconds, deed: answers(asked) });

function asking(servers: Record<string, Server>): Dialogue {
  return new Dialogue(servers, { roots: { '.': Object.keys(servers) } });
}

/** How often each server was the first one asked, in so many questions. */
function firsts(dialogue: Dialogue, questions: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < questions; i++) {
    const { server } = dialogue.ask(`n${dialogue.now}-${i}`).sent[0]!;
    counts[server] = (counts[server] ?? 0) + 1;
  }
  return counts;
}

test('servers within 400 milliseconds of the fastest one are asked at random', () => {
  const dialogue = asking({ '10.0.0.1': after(0.01), '10.0.0.2': after(0.39) });
  firsts(dialogue, 20);
  // 600 times even odds: fewer than 200 of one kind happen once in 10^15.
  for (const count of Object.values(firsts(dialogue, 600))) assert.ok(count > 200, `${count}`);
});

test('a slow server gets one question in twenty', () => {
  const dialogue = asking({ '10.0.0.1': after(0.01), '10.0.0.2': after(0.6) });
  firsts(dialogue, 40);
  const slow = firsts(dialogue, 1000)['10.0.0.2'] ?? 0;
  // 50 are expected, with a deviation of 7.
  assert.ok(slow >= 8 && slow <= 110, `${slow}`);
});

test('a server that has become fast is found out, and times are forgotten after ten minutes', () => {
  let seconds = 0.9;
  const dialogue = asking({ '10.0.0.1': after(0.01), '10.0.0.2': (asked) => after(seconds)(asked) });
  firsts(dialogue, 40);
  seconds = 0.01;
  firsts(dialogue, 400);
  assert.ok(firsts(dialogue, 200)['10.0.0.2']! > 50);
  seconds = 0.9;
  firsts(dialogue, 400);
  dialogue.now += 601;
  assert.equal(Object.keys(firsts(dialogue, 40)).length, 2);
});

test('a dead server is asked once a minute', () => {
  const dialogue = asking({ '10.0.0.1': after(0.01), '10.0.0.2': () => 'silent' });
  let asked = 0;
  for (let i = 0; i < 600; i++) {
    asked += dialogue.ask(`n${i}`).sent.filter(({ server }) => server === '10.0.0.2').length;
    dialogue.now += 1;
  }
  assert.ok(asked >= 2 && asked <= 11, `${asked}`);
});

test('a zone of somebody else cannot make a server look dead for the zones that it serves', () => {
  const servers: Record<string, Server> = {
    '10.0.0.1': ({ name }) =>
      name.endsWith('evil.test')
        ? { flags: 0, authority: ['evil.test 60 NS n.evil.test'], additional: ['n.evil.test 60 A 10.0.2.1'] }
        : {
            flags: 0,
            authority: ['b.test 3600 NS ns1.b.test', 'b.test 3600 NS ns2.b.test'],
            additional: ['ns1.b.test 3600 A 10.0.2.1', 'ns2.b.test 3600 A 10.0.2.2'],
          },
    // Silent about foreign zones, as tinydns is.
    '10.0.2.1': (asked) => (asked.name.endsWith('evil.test') ? 'silent' : answers(asked)),
    '10.0.2.2': answers,
  };
  const dialogue = new Dialogue(servers);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 400; i++) {
    if (i % 20 === 0) dialogue.ask(`x${i}.evil.test`);
    const { server } = dialogue.ask(`n${i}.b.test`).sent.at(-1)!;
    counts[server] = (counts[server] ?? 0) + 1;
  }
  for (const server of ['10.0.2.1', '10.0.2.2']) assert.ok(counts[server]! > 120, JSON.stringify(counts));
});

test('a server where nobody listens, or no way leads, is asked last for all zones', () => {
  for (const deed of ['refuse', 'unreachable'] as const) {
    const servers: Record<string, Server> = { '10.0.0.1': () => deed, '10.0.0.2': answers };
    const roots = { 'a.test': Object.keys(servers), 'b.test': Object.keys(servers) };
    const dialogue = new Dialogue(servers, { roots });
    let n = 0;
    while (dialogue.ask(`n${n++}.a.test`).sent.length === 1);
    for (let i = 0; i < 30; i++) assert.equal(dialogue.ask(`m${i}.b.test`).sent.length, 1);
  }
});

test('a failure counts for five seconds of a clock that goes forward, whatever the calendar says', () => {
  const dialogue = asking({ '10.0.0.1': () => ({ rcode: REFUSED }) });
  dialogue.ask('x');
  dialogue.now += 6;
  assert.equal(dialogue.ask('x').sent.length, 4);
});

test('silent servers of one server’s name are asked once, then the next name is looked up, and they once for it', () => {
  const names = ['s0.dead', 's1.dead', 's.good'];
  const glue = [1, 2, 3].map((i) => `ns${i}.dead 60 A 10.0.1.${i}`);
  const root: Server = ({ name }) => {
    if (name.endsWith('dead')) {
      return { flags: 0, authority: [1, 2, 3].map((i) => `dead 60 NS ns${i}.dead`), additional: glue };
    }
    if (name === 's.good') return { answer: ['s.good 60 A 10.0.2.1'] };
    return { flags: 0, authority: names.map((server) => `test 60 NS ${server}`) };
  };
  const servers: Record<string, Server> = { '10.0.0.1': root, '10.0.2.1': answers };
  const { records, sent, seconds } = new Dialogue(servers).ask('www.test');
  assert.deepEqual(records, ['www.test 60 A 192.0.2.1']);
  const silent = sent.filter(({ server }) => server.startsWith('10.0.1.')).map(({ question }) => question);
  const asked = (name: string): number => silent.filter((question) => question === `A ${name}`).length;
  assert.deepEqual([asked('s0.dead'), asked('s1.dead')], [3, 3]);
  assert.ok(seconds < 20, `${seconds} s`);
});
