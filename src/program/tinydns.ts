// tinydns's lookup: data.cdb as it is now, the time as it is now, a random order of addresses. Counterpart: tinydns.c.

import type { Lookup } from '../answer/question.ts';
import { TinydnsLookup } from '../answer/tinydns.ts';
import { randomBelow } from '../base/random.ts';
import { taiOfUnix } from '../base/tai.ts';
import { dataLookup } from './data-lookup.ts';

/** Answers from `data.cdb` in the working directory, looked at anew, as the clock is, at each `begin`. */
export function tinydnsLookup(): Lookup {
  const lookup = new TinydnsLookup(randomBelow);
  const now = { hi: 0, lo: 0 };
  return dataLookup({
    begin() {
      taiOfUnix(Math.floor(Date.now() / 1000), now);
    },
    respond(db, question, reply) {
      return lookup.respond(db, question, now, reply);
    },
  });
}
