// When axfr-getd's questions over UDP go to one address: so many a second, and few at a time as long as nothing comes
// back, so that a primary that is gone gets a few packets in place of one for each of thousands of zones.

/** Zones that ask at a time while the address does not answer. */
const UNANSWERED = 3;
/** Milliseconds after an answer in which as many may ask as the rate allows. */
const LATELY = 1000;
/** Milliseconds that zones may wait here; those that would wait longer had better stay where a NOTIFY finds them. */
const PATIENCE = 1000;
/** Milliseconds of turns that nobody took and that may be taken later: timers come late. */
const MISSED = 50;

export class QuestionPace {
  private readonly interval: number;
  private readonly waiting: (() => void)[] = [];
  private open = 0;
  private next = 0;
  private answeredAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  /** `rate` is questions a second. */
  constructor(rate: number) {
    this.interval = 1000 / rate;
  }

  get isCrowded(): boolean {
    return this.waiting.length * this.interval > PATIENCE;
  }

  /** Waits for a turn. `over` must follow. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.serve();
    });
  }

  /** Something came from the address. */
  answered(): void {
    this.answeredAt = performance.now();
    this.serve();
  }

  /** Who had a turn is done with the address. */
  over(): void {
    this.open--;
    this.serve();
  }

  private serve(): void {
    clearTimeout(this.timer);
    const now = performance.now();
    while (this.waiting.length > 0) {
      if (this.open >= UNANSWERED && now - this.answeredAt > LATELY) return;
      if (now < this.next) {
        this.timer = setTimeout(() => this.serve(), this.next - now);
        return;
      }
      this.next = Math.max(this.next, now - MISSED) + this.interval;
      this.open++;
      this.waiting.shift()!();
    }
  }
}
