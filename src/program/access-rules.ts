// tcp.cdb, the access rules of axfrdns --listen, read again when it is replaced. Counterpart: tcpserver -x. The file is
// the one beside which axfrdns was started, like tcpserver's; a directory descriptor keeps it in reach after the
// chroot. When there is none it is the one in $ROOT, and nothing outside $ROOT stays open.
import { closeSync, existsSync, fstatSync, openSync } from 'node:fs';
import { textOf } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { FileStamp } from '../base/file-stamp.ts';
import { libc, openAt } from '../base/libc.ts';
import { type LoadedFile, loadFile, openNow } from '../base/mapped-file.ts';
import { errorText } from '../base/oserror.ts';
import { findRule, type Remote, type Rule } from '../data/tcprules.ts';

const FILE = 'tcp.cdb';

export class AccessRules {
  private readonly open: () => number;
  private file: LoadedFile | undefined;
  private readonly stamp = new FileStamp();

  /** To be made in the directory of the file and before root is dropped; `check` comes after. */
  constructor() {
    this.open = opener();
  }

  /** Fatal when the rules cannot be read: better said at the start than to each client. */
  check(): void {
    const problem = this.load();
    if (problem !== '') throw new Fatal(problem);
  }

  /** What the rules, as they are now, say of a client; a text when they cannot be read, and nobody may be let in. */
  find(remote: Remote): Rule | string {
    const problem = this.load();
    if (problem !== '' || !this.file) return problem;
    return findRule(this.file.bytes, remote) ?? `unable to read ${FILE}: protocol error`;
  }

  /** Reads the file if it is another one than before; returns why it cannot be read. */
  private load(): string {
    try {
      const fd = this.open();
      try {
        if (this.file && this.stamp.isOf(fstatSync(fd))) return '';
        this.close();
        this.file = loadFile(fd);
        this.stamp.take(this.file.stats);
      } finally {
        closeSync(fd);
      }
      return '';
    } catch (error) {
      this.close();
      return `unable to read ${FILE}: ${errorText(error)}`;
    }
  }

  private close(): void {
    this.file?.release();
    this.file = undefined;
  }
}

/** A way to open the file, from wherever we are. */
function opener(): () => number {
  if (!existsSync(FILE)) return () => openNow(FILE);
  if (!libc()) {
    const path = `${process.cwd()}/${FILE}`; // without the calls there is no chroot either
    return () => openNow(path);
  }
  const directory = openSync('.', 'r');
  return () => openAt(directory, FILE);
}

/** The value that a rule gives a variable; undefined when it does not set it. Of several the last counts. */
export function variableOf(rule: Rule, name: string): Uint8Array | undefined {
  const found = rule.variables.findLast((variable) => textOf(variable).startsWith(`${name}=`));
  return found?.subarray(name.length + 1);
}
