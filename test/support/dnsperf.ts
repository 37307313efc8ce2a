// Loads a server with dnsperf and reads what it reports.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { find } from './programs.ts';

/** What dnsperf reports at its end. */
export interface Load {
  completed: number;
  lost: number;
  /** How many answers had each rcode, by its name. */
  rcodes: Map<string, number>;
  seconds: number;
}

/** Sends `questions` (`name type`) to `server`, port 53, once each unless `args` say otherwise. */
export function dnsperf(
  server: string,
  questions: readonly string[],
  directory: string,
  args: readonly string[],
): Promise<Load> {
  const file = join(directory, `questions-${server}`);
  writeFileSync(file, `${questions.join('\n')}\n`);
  const limit = args.includes('-l') || args.includes('-n') ? [] : ['-n', '1'];
  const child = spawn(find('dnsperf')!, ['-s', server, '-d', file, ...limit, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let report = '';
  child.stdout.on('data', (chunk: Buffer) => {
    report += chunk.toString('latin1');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const number = (pattern: RegExp): number => Number(pattern.exec(report)?.[1] ?? Number.NaN);
      const rcodes = new Map<string, number>();
      for (const [, rcode, count] of report.matchAll(/([A-Z]+) (\d+) \([\d.]+%\)/g)) rcodes.set(rcode!, Number(count));
      resolve({
        completed: number(/Queries completed:\s+(\d+)/),
        lost: number(/Queries lost:\s+(\d+)/),
        rcodes,
        seconds: number(/Run time \(s\):\s+([\d.]+)/),
      });
    });
  });
}
