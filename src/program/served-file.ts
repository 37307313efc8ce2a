// data.cdb as a server answers from it. While there is none to answer from, clients get no response and see nothing
// else: the log says so, once for each change.
import type { DataFile } from '../answer/responder.ts';
import { unpack32le } from '../base/bytes.ts';
import { MappedFile } from '../base/mapped-file.ts';
import { errorText } from '../base/oserror.ts';
import type { Log } from '../log/qlog.ts';

const PATH = 'data.cdb';
const HEADER_SIZE = 2048;

export class ServedFile implements DataFile {
  private readonly file = new MappedFile(PATH);
  private readonly program: string;
  private readonly log: Log;
  private bytes: Uint8Array | undefined = new Uint8Array(0);
  private trouble = '';

  /** The lines begin with `program: warning: `. */
  constructor(program: string, log: Log) {
    this.program = program;
    this.log = log;
  }

  current(): Uint8Array | undefined {
    const bytes = this.file.current();
    if (bytes !== this.bytes || bytes === undefined) this.look(bytes);
    return bytes;
  }

  private look(bytes: Uint8Array | undefined): void {
    this.bytes = bytes;
    const trouble = bytes ? corruption(bytes) : `unable to read ${PATH}: ${errorText(this.file.error)}`;
    if (trouble !== '' && trouble !== this.trouble) this.log.line(`${this.program}: warning: ${trouble}`);
    this.trouble = trouble;
  }
}

/** What is wrong with the head of a cdb, 256 times position and slots of a hash table; empty when it can be used. */
function corruption(file: Uint8Array): string {
  let isGood = file.length >= HEADER_SIZE;
  for (let at = 0; at < HEADER_SIZE && isGood; at += 8) {
    const position = unpack32le(file, at);
    isGood = position >= HEADER_SIZE && position + 8 * unpack32le(file, at + 4) <= file.length;
  }
  return isGood ? '' : `${PATH} is corrupt`;
}
