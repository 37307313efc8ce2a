// The lookup of a server whose answers come out of data.cdb. Counterpart: the open_read and cdb_init at the top of
// respond() in rbldns.c and pickdns.c.

import type { Lookup, Question } from '../answer/question.ts';
import { MappedFile } from '../base/mapped-file.ts';
import type { Writer } from '../wire/writer.ts';

/** Answers a question out of the bytes of a cdb file, as `Lookup` does; the file may be another one each time. */
export interface FileLookup {
  /** Called before each batch of questions, for lookups that depend on the time. */
  begin?(): void;
  respond(db: Uint8Array, question: Question, reply: Writer): boolean;
}

/** Answers from `data.cdb` in the working directory, looked at anew at each `begin`; while there is none, not at all. */
export function dataLookup(lookup: FileLookup): Lookup {
  const file = new MappedFile('data.cdb');
  let db: Uint8Array | undefined;
  return {
    begin() {
      db = file.current();
      lookup.begin?.();
    },
    respond(question, reply) {
      return db !== undefined && lookup.respond(db, question, reply);
    },
  };
}
