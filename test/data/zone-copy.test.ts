import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { bytesOf, concat, textOf } from '../../src/base/bytes.ts';
import { CopyPatch } from '../../src/data/copy-patch.ts';
import { PublishedZones } from '../../src/data/published.ts';
import { ZoneChanges } from '../../src/data/zone-changes.ts';
import { scanCopyHead } from '../../src/data/zone-copy.ts';

const ZONE = 'zone.test';

function published(...zones: string[]): PublishedZones {
  const all = new PublishedZones();
  for (const zone of zones) all.add(zone);
  return all;
}

/** A copy with these lines and the last line that belongs to them. */
function copyOf(serial: number, lines: readonly string[]): string {
  const body = [`#${serial} auto axfr-get`, `Z${ZONE}:ns.${ZONE}.:h.${ZONE}.:${serial}:1:2:3:4:5`, ...lines];
  const text = body.map((line) => `${line}\n`).join('');
  return `${text}#end ${body.length} ${text.length} ${crc32(text).toString(16).padStart(8, '0')}\n`;
}

const NS = '&zone.test::ns.zone.test.:300';

function changes(removed: readonly string[], added: readonly string[]): ZoneChanges {
  const all = new ZoneChanges();
  for (const line of removed) assert.ok(all.remove(`${line}\n`));
  for (const line of added) assert.ok(all.add(`${line}\n`));
  return all;
}

const NEW_SOA = `#9 auto axfr-get\nZ${ZONE}:ns.${ZONE}.:h.${ZONE}.:9:1:2:3:4:5\n`;

/** The new copy made of an old one, which comes in pieces of `size`. */
function patch(old: string, what: ZoneChanges, soa: string | undefined, zones = published(ZONE), size = 7) {
  const work = new CopyPatch(ZONE, zones, what, soa);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < old.length; at += size) parts.push(work.push(bytesOf(old.slice(at, at + size))).slice());
  parts.push(work.end());
  return { text: textOf(concat(parts)), problem: work.problem };
}

test('changes make the copy that the whole zone would have made, whatever TTL a deletion carries', () => {
  const old = copyOf(8, [NS, '+a.zone.test:10.0.0.1:300', '+b.zone.test:10.0.0.2:300', '+c.zone.test:10.0.0.3:300']);
  const what = changes(
    ['+b.zone.test:10.0.0.2:77', '+c.zone.test:10.0.0.3:300'],
    ['+c.zone.test:10.0.0.3:60', ':x.zone.test:16:\\001a:5'],
  );
  for (const size of [1, 7, 64, 10000]) {
    const { text, problem } = patch(old, what, NEW_SOA, published(ZONE), size);
    assert.equal(problem, undefined);
    assert.equal(
      text,
      copyOf(9, [NS, '+a.zone.test:10.0.0.1:300', '+c.zone.test:10.0.0.3:60', ':x.zone.test:16:\\001a:5']),
    );
  }
});

test('a copy that is not as it was written is nothing to change', () => {
  const good = copyOf(8, [NS, '+a.zone.test:10.0.0.1:300']);
  const none = (): ZoneChanges => new ZoneChanges();
  assert.equal(patch(good, none(), NEW_SOA).problem, undefined);
  const cases = [
    good.replace('10.0.0.1', '10.0.0.9'),
    good.replace(/#end.*\n/, ''),
    good.slice(0, -1),
    `${good}+more.zone.test:10.0.0.1:300\n`,
    good + good,
    good.replace('+a', '-a'),
    `${good}x`,
    '',
  ];
  for (const text of cases) assert.equal(patch(text, none(), NEW_SOA).problem, 'not as it was written', text);
});

test('what is not there cannot be deleted, what is there cannot be added, and an NS must be left', () => {
  const old = copyOf(8, [NS, '+a.zone.test:10.0.0.1:300']);
  const problemOf = (removed: string[], added: string[]) => patch(old, changes(removed, added), NEW_SOA).problem;
  assert.equal(problemOf(['+b.zone.test:10.0.0.1:300'], []), 'deletion of what is not there');
  assert.equal(problemOf([], ['+a.zone.test:10.0.0.1:60']), 'addition of what is there');
  assert.equal(problemOf([NS], []), 'no NS');
  assert.equal(problemOf([NS], ['&zone.test::other.test.:5']), undefined);
});

test('steps are put together: the same record may go and come back', () => {
  const all = new ZoneChanges();
  assert.ok(all.remove('+a:1.2.3.4:300\n'));
  assert.ok(!all.remove('+a:1.2.3.4:5\n'));
  assert.ok(all.add('+a:1.2.3.4:60\n'));
  assert.ok(!all.add('+a:1.2.3.4:60\n'));
  assert.ok(all.remove('+a:1.2.3.4:60\n'));
  assert.equal(all.added.size, 0);
  assert.deepEqual([...all.removed], ['+a:1.2.3.4']);
});

test('lines at or below a published child are hidden, and come back when the child goes', () => {
  const lines = [
    NS,
    '&child.zone.test::ns.other.test.:300',
    '+www.child.zone.test:10.0.0.1:300',
    '+xchild.zone.test:10.0.0.1:5',
  ];
  const hidden = [NS, `#${lines[1]}`, `#${lines[2]}`, lines[3]!];
  const withChild = published(ZONE, 'child.zone.test');
  assert.equal(patch(copyOf(8, lines), new ZoneChanges(), undefined, withChild).text, copyOf(8, hidden));
  assert.equal(patch(copyOf(8, hidden), new ZoneChanges(), undefined, published(ZONE)).text, copyOf(8, lines));
  const what = changes(['+www.child.zone.test:10.0.0.1:300'], ['+b.child.zone.test:10.0.0.7:300']);
  const { text, problem } = patch(copyOf(8, hidden), what, NEW_SOA, withChild);
  assert.equal(problem, undefined);
  assert.equal(text, copyOf(9, [NS, hidden[1]!, hidden[3]!, '#+b.child.zone.test:10.0.0.7:300']));
});

test('published zones know which of them are above and below each other', () => {
  const zones = published('test', 'zone.test', 'a.b.zone.test', '.');
  assert.deepEqual(zones.above('x.zone.test'), ['zone.test', 'test', '.']);
  assert.ok(zones.hides('zone.test', 'www.a.b.zone.test'));
  assert.ok(!zones.hides('zone.test', 'b.zone.test'));
  assert.ok(!zones.hides('a.b.zone.test', 'www.a.b.zone.test'));
  assert.ok(zones.hides('.', 'example.test'));
  assert.ok(!zones.hides('.', 'example'));
  const turns = zones.turnsBelow('zone.test');
  zones.add('other.test');
  assert.equal(zones.turnsBelow('zone.test'), turns);
  zones.delete('a.b.zone.test');
  assert.notEqual(zones.turnsBelow('zone.test'), turns);
  assert.ok(!zones.hasBelow('zone.test'));
  assert.ok(zones.hasBelow('test'));
});

test('the first two lines say serial and times', () => {
  const text = copyOf(8, [NS]);
  assert.deepEqual(scanCopyHead(text, ZONE), { serial: 8, refresh: 1, retry: 2, expire: 3 });
  assert.equal(scanCopyHead(text, 'other.test'), undefined);
  assert.equal(scanCopyHead(text.slice(3), ZONE), undefined);
  assert.equal(scanCopyHead('', ZONE), undefined);
});

test('any changes of any copy give what sets give', () => {
  const name = fc.integer({ min: 0, max: 30 });
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.uniqueArray(name), fc.integer({ min: 1, max: 90 }), (had, has, size) => {
      const line = (n: number): string => `+h${n}.zone.test:10.0.0.${n}:300`;
      const old = copyOf(8, [NS, ...had.map(line)]);
      const what = changes(
        had.filter((n) => !has.includes(n)).map(line),
        has.filter((n) => !had.includes(n)).map(line),
      );
      const { text, problem } = patch(old, what, NEW_SOA, published(ZONE), size);
      assert.equal(problem, undefined);
      const kept = had.filter((n) => has.includes(n));
      assert.equal(text, copyOf(9, [NS, ...kept.map(line), ...has.filter((n) => !had.includes(n)).map(line)]));
    }),
  );
});
