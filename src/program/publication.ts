// When axfr-getd's program runs that makes fetched zones answers: once for a burst of changes, never twice at a time,
// and not so often that a machine does nothing else.

import type { Turns } from './turns.ts';

const QUIET = 1000; // after the last change
const LONGEST = 10_000; // after the first
const FIRST_RETRY = 10_000;
const LAST_RETRY = 600_000;

export interface PublicationEvents {
  /** What a run, with what is called before it, must not overlap with. */
  readonly turns: Turns;
  /** Called before a run, and waited for. False: something could not be prepared, there is to be another run. */
  prepare(): Promise<boolean>;
  run(): Promise<number>;
  /** `publish N`, `published M`, `publish failed CODE`. */
  say(line: string): void;
}

export class Publication {
  private readonly events: PublicationEvents;
  private changes = 0;
  private firstAt = 0;
  private lastAt = 0;
  private isRunning = false;
  private notBefore = 0;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(events: PublicationEvents) {
    this.events = events;
  }

  /** A zone has come, changed or gone. */
  changed(): void {
    const now = performance.now();
    if (this.changes === 0) this.firstAt = now;
    this.changes++;
    this.lastAt = now;
    this.plan();
  }

  /** Runs at once, whatever has changed. */
  begin(): void {
    void this.publish();
  }

  private plan(): void {
    if (this.isRunning) return;
    clearTimeout(this.timer);
    const at = Math.max(Math.min(this.lastAt + QUIET, this.firstAt + LONGEST), this.notBefore);
    this.timer = setTimeout(() => void this.publish(), Math.max(0, at - performance.now()));
  }

  private async publish(): Promise<void> {
    clearTimeout(this.timer);
    this.isRunning = true;
    const isDone = await this.events.turns.take(() => this.run());
    this.isRunning = false;
    if (isDone) this.failures = 0;
    if (this.changes > 0) return this.plan();
    if (isDone) return;
    const wait = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.failures++);
    this.timer = setTimeout(() => void this.publish(), wait);
  }

  /** One run. True when all was prepared and published. */
  private async run(): Promise<boolean> {
    const { events } = this;
    const isReady = await events.prepare();
    const { changes } = this;
    this.changes = 0;
    events.say(`publish ${changes}`);
    const began = performance.now();
    const code = await events.run();
    const took = performance.now() - began;
    this.notBefore = performance.now() + took;
    events.say(code === 0 ? `published ${Math.round(took)}` : `publish failed ${code}`);
    return code === 0 && isReady;
  }
}
