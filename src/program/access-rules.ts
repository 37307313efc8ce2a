// tcp.cdb, the access rules of axfrdns --listen, read again when it is replaced. Counterpart: tcpserver -x. The file is
// the one beside which axfrdns was started, like tcpserver's; a directory descriptor keeps it in reach after the
// chroot. When there is none it is the one in $ROOT, and nothing outside $ROOT stays open.
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { textOf } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { FileStamp } from '../base/file-stamp.ts';
import { libc, openAt } from '../base/libc.ts';
import { errorText } from '../base/oserror.ts';
import { findRule, type Remote, type Rule } from '../data/tcprules.ts';

const FILE = 'tcp.cdb';

export class AccessRules {
  private readonly open: () => number;
  private bytes: Uint8Array | undefined;
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
    if (problem !== '' || !this.bytes) return problem;
    return findRule(this.bytes, remote) ?? `unable to read ${FILE}: protocol error`;
  }

  /** Reads the file if it is another one than before; returns why it cannot be read. */
  private load(): string {
    try {
      const fd = this.open();
      try {
        const stats = fstatSync(fd);
        if (!this.bytes || !this.stamp.isOf(stats)) this.bytes = readFileSync(fd);
        this.stamp.take(stats);
      } finally {
        closeSync(fd);
      }
      return '';
    } catch (error) {
      this.bytes = undefined;
      return `unable to read ${FILE}: ${errorText(error)}`;
    }
  }
}

function opener(): () => number {
  if (!existsSync(FILE)) return () => openSync(FILE, 'r');
  if (!libc()) {
    const path = `${process.cwd()}/${FILE}`; // without the calls there is no chroot either
    return () => openSync(path, 'r');
  }
  const directory = openSync('.', 'r');
  return () => openAt(directory, FILE);
}

/** The value that a rule gives a variable; undefined when it does not set it. Of several the last counts. */
export function variableOf(rule: Rule, name: string): Uint8Array | undefined {
  const found = rule.variables.findLast((variable) => textOf(variable, 0, name.length + 1) === `${name}=`);
  return found?.subarray(name.length + 1);
}
