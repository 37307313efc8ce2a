// A line on stderr that tells how far a long job is, and goes away when it ends. Only on a terminal, and only from the
// second second on: scripts and logs never see it.
import { writeAll } from '../base/output.ts';

const FIRST_MS = 1000;
const EVERY_MS = 100;
const CLEAR = '\r\x1b[K';

export class Progress {
  private readonly unit: string;
  /** 0 when nobody knows how much there is to do. */
  total: number;
  private readonly started = performance.now();
  private next = FIRST_MS;
  private shown = false;
  private readonly enabled: boolean;

  /** Progress towards `total` of `unit`. */
  constructor(unit: string, total = 0) {
    this.unit = unit;
    this.total = total;
    this.enabled = process.getBuiltinModule('node:tty').isatty(2);
  }

  /**
   * `done` of the total so far; `detail` is put before it. Cheap to call often: it draws ten times a second at most.
   */
  show(done: number, detail: string): void {
    if (!this.enabled) return;
    const elapsed = performance.now() - this.started;
    if (elapsed < this.next) return;
    this.next = elapsed + EVERY_MS;
    this.shown = true;
    this.write(`${CLEAR}${this.text(done, detail, elapsed / 1000)}`);
  }

  /** Removes the line. */
  end(): void {
    if (this.shown) this.write(CLEAR);
    this.shown = false;
  }

  private text(done: number, detail: string, seconds: number): string {
    const rate = done / seconds;
    const parts = [detail, `${scaled(done)} ${this.unit}`, `${scaled(rate)}/s`];
    if (this.total > 0 && done > 0) {
      parts[1] = `${scaled(done)} of ${scaled(this.total)} ${this.unit}`;
      parts.push(`${Math.max(0, Math.round((this.total - done) / rate))} s left`);
    }
    return parts.filter((part) => part !== '').join(', ');
  }

  private write(text: string): void {
    try {
      writeAll(2, Buffer.from(text));
    } catch {
      // The terminal went away; the job goes on.
    }
  }
}

/** A count with a unit prefix: `950`, `12.3 k`, `4.5 M`. */
function scaled(count: number): string {
  if (count < 1000) return String(Math.round(count));
  return count < 1e6 ? `${(count / 1000).toFixed(1)} k` : `${(count / 1e6).toFixed(1)} M`;
}
