// Who may ask: clients for whose address, or the first numbers of it, there is a file in ip/. Counterpart: okclient.c,
// which looks at the directory for every packet. What it saw last is kept here as long as the directory
// itself has not changed, one stat per batch of packets: a file made or removed counts for the next query all the same.
import { lstatSync, statSync } from 'node:fs';
import { type Address, formatAddress, formatGroups } from '../base/address.ts';
import { unpack32 } from '../base/bytes.ts';
import { FileStamp } from '../base/file-stamp.ts';

const KEPT_MAX = 65536;
/** File systems keep times in steps of some milliseconds: a directory that changed just now may change again unseen. */
const SETTLED_MS = 100;

/** The access list in `directory`. */
export class OkClients {
  private readonly directory: string;
  private readonly kept = new Map<number | string, boolean>();
  private isSettled = false;
  private readonly stamp = new FileStamp();

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
    if (!this.stamp.isOf(stats)) {
      this.kept.clear();
      this.stamp.take(stats);
    }
    this.isSettled = Date.now() - stats.ctimeMs > SETTLED_MS;
  }

  /** True when the client with this address may ask. */
  accepts(ip: Address): boolean {
    const key = ip.length === 4 ? unpack32(ip, 0) : formatAddress(ip);
    if (!this.isSettled) return this.look(ip, key, false);
    return this.kept.get(key) ?? this.look(ip, key, true);
  }

  private look(ip: Address, key: number | string, keep: boolean): boolean {
    for (const name of fileNames(ip)) {
      const path = `${this.directory}/${name}`;
      const found = statOf(path) !== undefined;
      // What a link leads to can come and go without a change of the directory.
      if (isLink(path)) keep = false;
      if (found) {
        if (keep) this.keep(key, true);
        return true;
      }
    }
    if (keep) this.keep(key, false);
    return false;
  }

  private keep(key: number | string, accepted: boolean): void {
    if (this.kept.size >= KEPT_MAX) this.kept.clear();
    this.kept.set(key, accepted);
  }
}

/**
 * The names that let a client in, the longest first: the address, and its first three, two, one numbers. Of an IPv6
 * address the numbers are its groups, none left out, without leading zeros: 2001:db8:0:1.
 */
function fileNames(ip: Address): string[] {
  const names = [formatAddress(ip)];
  if (ip.length === 4) {
    for (let numbers = 3; numbers > 0; numbers--) names.push(ip.subarray(0, numbers).join('.'));
    return names;
  }
  for (let count = 8; count > 0; count--) names.push(formatGroups(ip, count));
  return names;
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
