// SIGKILL at every system call on files and sockets of axfr-getd and of the tinydns-data that it runs: copies and
// data.cdb are whole afterwards, and after the next start all is current and nothing is left over. Needs strace. A few
// of these are test/program/axfr-getd-faults.test.ts.
//
//     node dist/soak/getd.js [seconds] [seed]
//
// The calls of one run are found first; then each is killed at once, in an order that the seed makes, until there are
// no more or the time is over. What does not hold is printed with the call, and the exit code is 1.
import { Dice } from '../test/support/generated-internet.ts';
import { type Call, KillingGround, type Where } from '../test/support/getd-kills.ts';

/** At a time: they wait for a second most of the time. */
const GROUNDS = 6;

const seconds = Number(process.argv[2] || Number.POSITIVE_INFINITY);
const seed = Number(process.argv[3] || Date.now() % 1_000_000_000);
const dice = new Dice(seed);
const end = performance.now() + 1000 * seconds;
console.log(`seed ${seed}`);

const first = await new KillingGround('127.51.0').prepare();
const grounds = [first];
for (let i = 1; i < GROUNDS; i++) grounds.push(await new KillingGround(`127.51.${i}`).prepare(first));
const waiting: { readonly where: Where; readonly call: Call }[] = [];
for (const where of ['main', 'files', 'program'] as const) {
  const calls = await first.calls(where);
  console.log(`${where}: ${calls.length} calls`);
  for (const call of calls) waiting.splice(dice.below(waiting.length + 1), 0, { where, call });
}

const killed = new Map<string, number>();
let missed = 0;

async function killOn(ground: KillingGround): Promise<void> {
  while (performance.now() < end) {
    const next = waiting.pop();
    if (!next) return;
    const { where, call } = next;
    try {
      await ground.stop();
      if (await ground.killAt(where, call)) {
        const kind = `${where} ${call.name}`;
        killed.set(kind, (killed.get(kind) ?? 0) + 1);
      } else missed++;
    } catch (error) {
      process.exitCode = 1;
      console.log(`failed: ${where}, ${call.name} ${call.number}: ${call.text}\n${error}`);
    }
  }
}

await Promise.all(grounds.map(killOn));
for (const ground of grounds) await ground.close();
for (const [kind, count] of [...killed].sort()) console.log(`${kind} ${count}`);
const total = [...killed.values()].reduce((sum, count) => sum + count, 0);
console.log(`${total} kills, ${missed} calls that were not made, ${waiting.length} left: whole and current each time`);
