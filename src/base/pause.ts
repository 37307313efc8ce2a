// Sleeping without an event loop. Counterpart: the sleep and poll calls of programs that wait for one thing only.

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps, the whole process with it: for programs that do nothing else meanwhile. */
export function pause(milliseconds: number): void {
  Atomics.wait(nap, 0, 0, milliseconds);
}
