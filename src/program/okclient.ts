// Who may ask: clients for whose address, or the first one to three numbers of it, there is a file in ip/. Counterpart:
// okclient.c, which looks at the directory for every packet. What it saw last is kept here as long as the directory
// itself has not changed, one stat per batch of packets: a file made or removed counts for the next query all the same.
import { lstatSync, statSync } from 'node:fs';
import { formatIp4 } from '../base/ip.ts';

const KEPT_MAX = 65536;
/** File systems keep times in steps of some milliseconds: a directory that changed just now may change again unseen. */
const SETTLED_MS = 100;

/** The access list in `directory`. */
export class OkClients {
  private readonly directory: string;
  private readonly kept = new Map<number, boolean>();
  private isSettled = false;
  private ino = 0;
  private mtime = 0;
  private ctime = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Looks whether the directory changed. To be called before each batch of packets. */
  begin(): void {
    const stats = statOf(this.directory);
    if (!stats) {
      this.kept.clear();
      this.isSettled = false;
      return;
    }
    if (stats.ino !== this.ino || stats.mtimeMs !== this.mtime || stats.ctimeMs !== this.ctime) {
      this.kept.clear();
      this.ino = stats.ino;
      this.mtime = stats.mtimeMs;
      this.ctime = stats.ctimeMs;
    }
    this.isSettled = Date.now() - stats.ctimeMs > SETTLED_MS;
  }

  /** True when the client with this address, 4 octets, may ask. */
  accepts(ip: Uint8Array): boolean {
    const key = ip[0]! * 0x1000000 + (ip[1]! << 16) + ((ip[2]! << 8) | ip[3]!);
    if (!this.isSettled) return this.look(ip, key, false);
    return this.kept.get(key) ?? this.look(ip, key, true);
  }

  private look(ip: Uint8Array, key: number, keep: boolean): boolean {
    let name = formatIp4(ip);
    for (let numbers = 4; numbers > 0; numbers--) {
      const path = `${this.directory}/${name}`;
      const found = statOf(path) !== undefined;
      // What a link leads to can come and go without a change of the directory.
      if (isLink(path)) keep = false;
      if (found) {
        if (keep) this.keep(key, true);
        return true;
      }
      name = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    }
    if (keep) this.keep(key, false);
    return false;
  }

  private keep(key: number, accepted: boolean): void {
    if (this.kept.size >= KEPT_MAX) this.kept.clear();
    this.kept.set(key, accepted);
  }
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch {
    return false;
  }
}
