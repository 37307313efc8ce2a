import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip4 } from '../../src/base/address.ts';
import type { Primary } from '../../src/data/primaries.ts';
import { type Asked, type CheckOptions, ZoneCheck } from '../../src/transfer/zone-check.ts';
import { typeName } from '../../src/wire/type.ts';

function primary(last: number, words: Partial<Primary> = {}): Primary {
  return {
    ip: ip4(10, 0, 0, last),
    port: 53,
    key: undefined,
    tls: undefined,
    axfrOnly: false,
    notifyOnly: false,
    ...words,
  };
}

/** What is asked when these are the outcomes, and the result. */
function play(options: Partial<CheckOptions>, outcomes: readonly Asked[]): string {
  const check = new ZoneCheck({
    primaries: [primary(1), primary(2)],
    hasCopy: true,
    isNotified: false,
    isIxfrUseless: () => false,
    ...options,
  });
  const asked: string[] = [];
  for (const outcome of outcomes) {
    if (!check.ask) break;
    asked.push(`${check.ask.primary.ip[3]} ${check.ask.over} ${typeName(check.ask.type)}`);
    check.answered(outcome);
  }
  return `${asked.join(', ')}: ${check.ask ? 'more' : check.result}`;
}

const silent: Asked = { kind: 'silent', why: 'timed out' };
const failed: Asked = { kind: 'failed', why: 'refused' };
const newer: Asked = { kind: 'newer', serial: 2 };
const whole: Asked = { kind: 'whole', serial: 2 };

test('a due zone is asked for its SOA over UDP, then over TCP, then of the next primary', () => {
  assert.equal(play({}, [{ kind: 'same' }]), '1 udp SOA: current');
  assert.equal(play({}, [silent, { kind: 'same' }]), '1 udp SOA, 1 stream SOA: current');
  assert.equal(play({}, [{ kind: 'truncated' }, { kind: 'same' }]), '1 udp SOA, 1 stream SOA: current');
  assert.equal(play({}, [failed, { kind: 'same' }]), '1 udp SOA, 2 udp SOA: current');
  assert.equal(play({}, [silent, silent, silent, silent]), '1 udp SOA, 1 stream SOA, 2 udp SOA, 2 stream SOA: failed');
  assert.equal(play({}, [{ kind: 'older', serial: 1 }, failed]), '1 udp SOA, 2 udp SOA: failed');
});

test('what is newer is fetched as changes, and whole where those are no use or make no sense', () => {
  const taken: Asked = { kind: 'changes', serial: 2, removed: 0, added: 1 };
  assert.equal(play({}, [newer, taken]), '1 udp SOA, 1 stream IXFR: taken');
  assert.equal(
    play({}, [newer, { kind: 'useless', isLasting: true }, whole]),
    '1 udp SOA, 1 stream IXFR, 1 stream AXFR: taken',
  );
  assert.equal(
    play({}, [newer, { kind: 'bad changes', why: '' }, whole]),
    '1 udp SOA, 1 stream IXFR, 1 stream AXFR: taken',
  );
  assert.equal(play({}, [newer, failed, whole]), '1 udp SOA, 1 stream IXFR, 2 udp SOA: taken');
  assert.equal(play({ isIxfrUseless: () => true }, [newer, whole]), '1 udp SOA, 1 stream AXFR: taken');
});

test('NOTIFY asks for changes at once, unless the primary has none', () => {
  assert.equal(play({ isNotified: true }, [{ kind: 'same' }]), '1 stream IXFR: current');
  const primaries = [primary(1, { axfrOnly: true })];
  assert.equal(play({ isNotified: true, primaries }, [newer, whole]), '1 udp SOA, 1 stream AXFR: taken');
});

test('without a copy the zone is asked for whole, and with TLS nothing goes over UDP', () => {
  assert.equal(play({ hasCopy: false }, [failed, whole]), '1 stream AXFR, 2 stream AXFR: taken');
  const primaries = [primary(1, { tls: 'ns.test' })];
  assert.equal(play({ primaries }, [newer, whole]), '1 stream SOA, 1 stream IXFR: taken');
});
