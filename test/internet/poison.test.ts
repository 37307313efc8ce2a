// Attempts to poison dnscache: extra records of every kind from servers on the path, forged replies from off the path,
// cached data replaced by data of lower rank. Nothing false may ever be answered, nor the attacker's server be asked
// about names that are not its own.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { ask, askAll } from '../support/ask.ts';
import { cpuSeconds } from '../support/process.ts';
import { isWithin, NXDOMAIN, type Query, type Reply, reply } from '../support/scripted.ts';
import { miniInternet, POISON, skipMini, TRUTH } from './mini.ts';

type Section = 'answer' | 'authority' | 'additional';

/** Records about what is not the attacker's; `V` is a name of the victim that nobody asked about before. */
const EXTRAS: readonly string[] = [
  `V 86400 A ${POISON}`,
  `WWW.ViCtIm.GoOd 86400 A ${POISON}`,
  'V 86400 CNAME trap.evil',
  'V 86400 NS ns.evil',
  'victim.good 86400 NS ns.evil',
  'good 86400 NS ns.evil',
  '. 86400 NS ns.evil',
  `ns.victim.good 86400 A POISONER`,
  `ns.good 86400 A POISONER`,
  `a.root 86400 A POISONER`,
  `*.victim.good 86400 A ${POISON}`,
  'victim.good 86400 DNAME evil',
  'victim.good 86400 SOA ns.evil hostmaster.evil 1 3600 900 604800 3600',
  'V 86400 MX 1 trap.evil',
  'V 86400 PTR trap.evil',
  'V 86400 TXT poison',
];

describe('poisoning a dnscache', { skip: skipMini() }, () => {
  const { internet, fresh } = miniInternet('127.41.2');

  /** Everything that the attacker's server was asked and should not have been. */
  const stolen = (): string[] =>
    internet.askedOfEvil.filter(({ name }) => !isWithin(name, 'evil')).map(({ name, type }) => `${name} ${type}`);

  for (const section of ['answer', 'authority', 'additional'] as const) {
    test(`${EXTRAS.length} kinds of foreign records in the ${section} section of an answer are not believed`, async () => {
      const resolver = await fresh();
      for (const [i, extra] of EXTRAS.entries()) {
        const names = [`v${i}.victim.good`, 'www.victim.good', `v${i}x.victim.good`];
        const record = extra.replace(/^V /, `${names[0]} `).replace('POISONER', internet.evil.address);
        internet.attack((query, send) => send(reply(query, withExtra(query, section, record))));
        assert.deepEqual((await ask(resolver.address, `q${i}.evil`)).rcode, 0);
        for (const name of names) {
          const { records } = await ask(resolver.address, name);
          assert.deepEqual(records, [`${name} A "${TRUTH}"`], `after ${record} in ${section}`);
        }
        for (const type of ['MX', 'PTR', 'TXT', 'NS']) {
          assert.deepEqual((await ask(resolver.address, `v${i}.victim.good`, type)).records, [], `${type}, ${record}`);
        }
      }
      assert.deepEqual(stolen(), []);
    });

    test(`the same in the ${section} section of a referral, an alias, NXDOMAIN and an empty answer`, async () => {
      const resolver = await fresh();
      const shapes: ((query: Query) => Reply)[] = [
        () => ({
          flags: 0,
          authority: ['sub.evil 300 NS ns.evil'],
          additional: [`ns.evil 300 A ${internet.evil.address}`],
        }),
        ({ name }) => ({ answer: [`${name} 300 CNAME end.evil`] }),
        () => ({ rcode: NXDOMAIN, authority: ['evil 300 SOA ns.evil h.evil 1 2 3 4 60'] }),
        () => ({ authority: ['evil 300 SOA ns.evil h.evil 1 2 3 4 60'] }),
      ];
      let i = 100;
      for (const shape of shapes) {
        for (const extra of EXTRAS) {
          const victim = `v${i}.victim.good`;
          const record = extra.replace(/^V /, `${victim} `).replace('POISONER', internet.evil.address);
          let first = true;
          internet.attack((query, send) => {
            const honest: Reply = first ? shape(query) : { answer: [`${query.name} 300 A 192.0.2.66`] };
            first = false;
            send(reply(query, { ...honest, [section]: [...(honest[section] ?? []), record] }));
          });
          await ask(resolver.address, `q${i++}.sub.evil`);
          assert.deepEqual((await ask(resolver.address, victim)).records, [`${victim} A "${TRUTH}"`], record);
        }
      }
      assert.deepEqual((await ask(resolver.address, 'www.victim.good')).records, [`www.victim.good A "${TRUTH}"`]);
      assert.deepEqual(stolen(), []);
    });
  }

  test('an alias to a name elsewhere brings neither its records nor its absence', async () => {
    const resolver = await fresh();
    const soa = 'evil 3600 SOA ns.evil h.evil 1 2 3 4 3600';
    const lies: ((victim: string) => Reply)[] = [
      (victim) => ({ answer: [`${victim} 86400 A ${POISON}`] }),
      (victim) => ({ answer: [`${victim} 86400 CNAME trap.evil`, `trap.evil 300 A ${POISON}`] }),
      () => ({ rcode: NXDOMAIN, authority: [soa] }),
      () => ({ authority: [soa] }),
      (victim) => ({ rcode: NXDOMAIN, authority: [`${victim} 3600 SOA ns.evil h.evil 1 2 3 4 3600`] }),
      (victim) => ({
        authority: [`${victim} 3600 NS ns.evil`],
        additional: [`ns.evil 300 A ${internet.evil.address}`],
      }),
    ];
    for (const [i, lie] of lies.entries()) {
      const victim = `v${i}.victim.good`;
      internet.attack((query, send) => {
        const forged = lie(victim);
        const answer = [`${query.name} 300 CNAME ${victim}`, ...(forged.answer ?? [])];
        send(reply(query, query.name === 'ns.evil' ? internet.evilZone.answer(query) : { ...forged, answer }));
      });
      const { rcode, records } = await ask(resolver.address, `q${i}.evil`);
      assert.deepEqual({ rcode, records }, aliased(`q${i}.evil`, victim), `lie ${i}`);
      assert.deepEqual((await ask(resolver.address, victim)).records, [`${victim} A "${TRUTH}"`], `lie ${i}`);
      const again = await ask(resolver.address, `q${i}.evil`);
      assert.deepEqual(again.records, records, `lie ${i} again`);
    }
    assert.deepEqual(stolen(), []);
  });

  test("a zone's own servers cannot answer for one of its names with glue or additional data (RFC 2181 5.4.1)", async () => {
    const resolver = await fresh();
    internet.attack((query, send) => {
      if (query.name === 'www.evil') return send(reply(query, { answer: ['www.evil 300 A 192.0.2.1'] }));
      const additional = ['www.evil 300 A 192.0.2.2', `${query.name} 300 A 192.0.2.3`];
      send(
        reply(query, { answer: [`${query.name} 300 A 192.0.2.1`], authority: ['evil 300 NS www.evil'], additional }),
      );
    });
    await ask(resolver.address, 'first.evil');
    assert.deepEqual((await ask(resolver.address, 'www.evil')).records, ['www.evil A "192.0.2.1"']);
    await ask(resolver.address, 'second.evil');
    assert.deepEqual((await ask(resolver.address, 'www.evil')).records, ['www.evil A "192.0.2.1"']);
    for (const name of ['first.evil', 'second.evil']) {
      assert.deepEqual((await ask(resolver.address, name)).records, [`${name} A "192.0.2.1"`]);
    }
  });

  test('forged replies that know everything but the ID, the question, QR, the address or the port are ignored', async (t) => {
    // A slow machine may lose the true reply behind thousands of forged ones: the query asks again, for as long as the
    // original would.
    const resolver = await fresh({ env: { QUERYTIME: '60' } });
    const elsewhere = createSocket('udp4');
    await new Promise<void>((resolve) => elsewhere.bind(5353, internet.victim.address, resolve));
    const honest = internet.victim.script;
    let forged = 0;
    internet.victim.script = async (query, send) => {
      const lie: Reply = { answer: [`${query.name} 86400 A ${POISON}`] };
      const fake = (change: Partial<Query>): Buffer => reply({ ...query, ...change }, lie);
      const other = query.question.map((question) => ({ ...question, name: 'other.victim.good' }));
      const typed = query.question.map((question) => ({ ...question, type: 'TXT' as const }));
      const echo = fake({});
      echo[2]! &= 0x7f;
      const opcode = fake({});
      opcode[2]! |= 0x28;
      const none = fake({});
      none.writeUInt16BE(0, 4);
      for (const message of [echo, opcode, none, fake({ question: other }), fake({ question: typed })]) send(message);
      internet.evil.send(fake({}), query.port, resolver.address); // the right ID and port, another address
      elsewhere.send(fake({}), query.port, resolver.address);
      forged += 7;
      for (let i = 1; i <= 2000; i++) {
        send(fake({ id: (query.id + i) & 0xffff }));
        if (i % 100 === 0) await turn();
      }
      forged += 2000;
      honest(query, send);
    };
    const questions = Array.from({ length: 10 }, (_, i) => ({ name: `v${i}.victim.good`, type: 'A' }));
    const answers = await askAll(resolver.address, questions, { window: 1, timeout: 20000 });
    internet.victim.script = honest;
    elsewhere.close();
    assert.deepEqual(
      answers.map(({ records }) => records),
      questions.map(({ name }) => [`${name} A "${TRUTH}"`]),
    );
    t.diagnostic(`${forged} forged replies with the right port, 10 of 10 answers true`);
  });

  test('a flood of replies guessed from off the path poisons nothing and does not stop the true reply', async (t) => {
    const resolver = await fresh();
    await ask(resolver.address, 'www.victim.good');
    const honest = internet.victim.script;
    const guesses = 300_000;
    let sent = 0;
    internet.victim.script = (query, send) => {
      setTimeout(() => honest(query, send), 400);
    };
    const before = cpuSeconds(resolver.pid);
    let asked = 0;
    let current = ask(resolver.address, 'v0.victim.good');
    const answers: string[][] = [];
    while (sent < guesses) {
      const question = [{ name: `v${asked}.victim.good`, type: 'A' as const, class: 'IN' as const }];
      const forged = reply({ question } as unknown as Query, { answer: [`v${asked}.victim.good 86400 A ${POISON}`] });
      for (let i = 0; i < 500; i++) {
        forged.writeUInt16BE(random(0, 65535), 0);
        internet.victim.send(Buffer.from(forged), random(1025, 65534), resolver.address);
      }
      sent += 500;
      const done = await Promise.race([current, turn(undefined)]);
      if (!done) continue;
      answers.push(done.records);
      current = ask(resolver.address, `v${++asked}.victim.good`);
    }
    await current;
    internet.victim.script = honest;
    assert.ok(answers.length > 0);
    assert.deepEqual(
      answers,
      answers.map((_, i) => [`v${i}.victim.good A "${TRUTH}"`]),
    );
    const cpu = cpuSeconds(resolver.pid) - before;
    t.diagnostic(`${sent} guesses, ${answers.length} true answers meanwhile, ${(cpu * 1e6) / sent} us of CPU a guess`);
  });

  test('two hundred clients with one question cause one query at a time: no birthday attack', async (t) => {
    for (const original of [true, false]) {
      const resolver = await fresh({ original });
      await ask(resolver.address, 'www.victim.good');
      const honest = internet.victim.script;
      let inFlight = 0;
      internet.victim.script = (query, send) => {
        if (query.name === 'v1.victim.good') inFlight++;
        setTimeout(() => honest(query, send), 300);
      };
      const question = { name: 'v1.victim.good', type: 'A' };
      const answers = await askAll(resolver.address, new Array(190).fill(question), { window: 190, timeout: 5000 });
      internet.victim.script = honest;
      const true_ = answers.filter(({ records }) => records[0] === `v1.victim.good A "${TRUTH}"`).length;
      t.diagnostic(`${resolver.name}: 190 clients ask the same, ${inFlight} queries go out, ${true_} get the answer`);
      if (original) continue;
      assert.equal(inFlight, 1);
      assert.equal(true_, 190);
    }
  });

  test('every query has another ID and another port, over the whole range', async (t) => {
    const resolver = await fresh();
    const seen: Query[] = [];
    const honest = internet.victim.script;
    internet.victim.script = (query, send) => {
      seen.push(query);
      honest(query, send);
    };
    const questions = Array.from({ length: 1000 }, (_, i) => ({ name: `v${i}.victim.good`, type: 'A' }));
    await askAll(resolver.address, questions, { window: 20 });
    internet.victim.script = honest;
    const ids = seen.map(({ id }) => id);
    const ports = seen.map(({ port }) => port);
    assert.ok(seen.length >= 1000);
    // Of 1000 random draws out of 64,000, 992 are expected to differ; 970 is more than seven deviations below.
    assert.ok(new Set(ids).size > 970 && new Set(ports).size > 970);
    for (const values of [ids, ports]) {
      for (let quarter = 0; quarter < 4; quarter++) {
        const share = values.filter((value) => value >> 14 === quarter).length / values.length;
        assert.ok(share > 0.15 && share < 0.35, `${share} of the values are in quarter ${quarter}`);
      }
      const together = values.slice(1).filter((value, i) => Math.abs(value - values[i]!) < 16).length;
      assert.ok(together < 25, `${together} values are next to the one before`);
    }
    assert.ok(Math.min(...ports) >= 1025);
    t.diagnostic(`${seen.length} queries, ${new Set(ids).size} IDs, ${new Set(ports).size} ports`);
    await sleep(0);
  });
});

/** The true answer for an alias that leads to a name of the victim. */
function aliased(name: string, victim: string): { rcode: number; records: string[] } {
  return { rcode: 0, records: [`${name} CNAME "${victim}"`, `${victim} A "${TRUTH}"`] };
}

/** An honest answer with one record more. */
function withExtra(query: Query, section: Section, record: string): Reply {
  const honest: Reply = { answer: [`${query.name} 300 A 192.0.2.66`] };
  return { ...honest, [section]: [...(honest[section] ?? []), record] };
}

function random(from: number, to: number): number {
  return from + Math.floor(Math.random() * (to - from + 1));
}
