// The lookups of name servers' addresses that one query has made: how many, and which were in vain.
import { nameEqual } from '../wire/name.ts';
import type { PendingServer } from './level.ts';

/** Lookups over the network for addresses of name servers, in one query. */
const LOOKUPS_MAX = 10;

/** Made once and used for one query after the other. */
export class Lookups {
  private count = 0;
  private vain: PendingServer[] = []; // those whose addresses the query has not found

  start(): void {
    this.count = 0;
    if (this.vain.length > 0) this.vain = [];
  }

  /** There may be one more. */
  get isOpen(): boolean {
    return this.count < LOOKUPS_MAX;
  }

  /** One more is made. */
  add(): void {
    this.count++;
  }

  addVain(server: PendingServer): void {
    this.vain.push(server);
  }

  wasInVain({ name, type }: PendingServer): boolean {
    return this.vain.some((each) => each.type === type && nameEqual(each.name, 0, name, 0));
  }

  /** Takes the next of the names: again one that was not found only when nothing else is left. */
  takeFrom(pending: PendingServer[]): PendingServer {
    const next = pending.findIndex((server) => !this.wasInVain(server));
    return pending.splice(Math.max(0, next), 1)[0]!;
  }
}
