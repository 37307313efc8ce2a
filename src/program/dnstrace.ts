// The body of dnstrace: runs the tasks of a trace one at a time and prints a line for each fact. Counterpart: main() of
// dnstrace.c. Invariant: lines appear as soon as their task is over, and none at all when there is nothing to ask.
import type { Endpoint } from '../base/endpoint.ts';
import { Fatal, UsageError } from '../base/errors.ts';
import { stdout } from '../base/output.ts';
import { Trace } from '../stub/trace.ts';
import { type Fact, formatLine } from '../stub/trace-line.ts';
import type { Visit } from '../stub/trace-tree.ts';
import { nameOf } from '../wire/name.ts';
import { scanAnyType } from '../wire/type.ts';
import { argText } from './args.ts';
import { askServers, LookupError, serversOf } from './lookup-tool.ts';
import { isTerminal, type Options } from './main.ts';
import { Progress } from './progress.ts';

/** Runs dnstrace with its arguments. */
export async function dnstrace(args: readonly string[], options: Options): Promise<void> {
  const type = args[0] === undefined ? -1 : scanAnyType(args[0]);
  if (type < 0 || args[1] === undefined) throw new UsageError();
  const name = nameOf(argText(args, 1));
  if (!name) throw new Fatal('out of memory'); // sic
  const isForPeople = Boolean(options['tree'] || options['dot']);
  let lines = ''; // not yet printed
  let facts: Fact[] = []; // of the task under way
  const trace = new Trace({ name, type }, await rootsOf(args), (task, fact) => {
    if (isForPeople) facts.push(fact);
    else lines += `${formatLine(task, fact)}\n`;
  });
  const visits: Visit[] = [];
  const progress = new Progress('queries done');
  let failures = 0;
  for (let task = trace.next(); task; task = trace.next()) {
    facts = [];
    if (!isForPeople) print(`${lines}${formatLine(task, 'tx')}\n`);
    lines = '';
    progress.show(trace.done - 1, `1 in flight, ${trace.queue.length - trace.done} waiting, ${failures} failed`);
    const { reply, error, milliseconds } = await askServers(task, [task.server]);
    progress.end();
    if (reply) trace.replied(task, reply, milliseconds / 1000);
    else {
      failures++;
      trace.failed(task, error);
    }
    if (isForPeople) visits.push({ task, facts, milliseconds });
    else print(lines);
    lines = '';
  }
  if (!isForPeople) return;
  const { formatDot, formatTree } = await import('../stub/trace-tree.ts');
  const inColour = isTerminal(1) && !process.env['NO_COLOR'];
  print(options['dot'] ? formatDot(visits) : formatTree(visits, inColour));
}

function print(text: string): void {
  stdout.putText(text);
  stdout.flush();
}

/** The root servers named from the third argument on. Fatal, in the original's words, when one is not found. */
async function rootsOf(args: readonly string[]): Promise<Endpoint[]> {
  const roots: Endpoint[] = [];
  for (let i = 2; i < args.length; i++) {
    try {
      roots.push(...(await serversOf(argText(args, i))));
    } catch (error) {
      if (error instanceof LookupError) throw new Fatal('out of memory');
      throw error;
    }
  }
  return roots;
}
