// tinydns's lookup: data.cdb as it is now, the time as it is now, a random order of addresses. Counterpart: tinydns.c.
import { MappedFile } from '../base/mapped-file.ts';
import { randomBelow } from '../base/random.ts';
import { type Tai, taiOfUnix } from '../base/tai.ts';
import type { Lookup } from '../lookup/question.ts';
import { TinydnsLookup } from '../lookup/tinydns.ts';

/** Answers from `data.cdb` in the working directory, looked at anew at each `begin`. */
export function tinydnsLookup(): Lookup {
  const file = new MappedFile('data.cdb');
  const lookup = new TinydnsLookup(randomBelow);
  const now: Tai = { hi: 0, lo: 0 };
  let db: Uint8Array | undefined;
  return {
    begin() {
      db = file.current();
      taiOfUnix(Math.floor(Date.now() / 1000), now);
    },
    respond(question, reply) {
      return db !== undefined && lookup.respond(db, question, now, reply);
    },
  };
}
