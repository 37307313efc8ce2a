// Loaded with `node --import` before a program: its timers run a hundred times as fast, and so does its clock. The
// program itself knows nothing of it.
const SPEED = 100;
const timeout = globalThis.setTimeout;
globalThis.setTimeout = ((run: () => void, ms = 0, ...args: []) =>
  timeout(run, ms / SPEED, ...args)) as typeof setTimeout;
const hrtime = process.hrtime;
const start = hrtime();
process.hrtime = Object.assign(
  (): [number, number] => {
    const [seconds, nano] = hrtime(start);
    const all = (seconds + nano / 1e9) * SPEED;
    return [Math.floor(all), Math.floor((all % 1) * 1e9)];
  },
  { bigint: hrtime.bigint },
) as typeof process.hrtime;
