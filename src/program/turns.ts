// Actions that must not overlap, such as writing a copy and running the program that reads it.

export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Carries out `action` when all before it are over, however they ended; fulfilled or rejected as it is. */
  take<T>(action: () => Promise<T>): Promise<T> {
    const done = this.last.then(action);
    this.last = done.catch(() => {});
    return done;
  }
}
