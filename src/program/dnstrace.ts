// The body of dnstrace: runs the tasks of a trace and prints a line for each fact, or a tree, or a graph. Counterpart:
// main() of dnstrace.c. Invariant of the lines: they appear as soon as their task is over, one task after the other,
// and none at all when there is nothing to ask. Trees and graphs are ours, and ask all servers of a step at once.
import { readFileSync } from 'node:fs';
import { bytesOf, textOf } from '../base/bytes.ts';
import { type Endpoint, formatEndpoint, scanEndpoints } from '../base/endpoint.ts';
import { Fatal, UsageError } from '../base/errors.ts';
import { stdout } from '../base/output.ts';
import { Trace, type TraceQuestion } from '../stub/trace.ts';
import { type Fact, formatLine, type Task } from '../stub/trace-line.ts';
import type { Visit } from '../stub/trace-tree.ts';
import { formatName, nameOf } from '../wire/name.ts';
import { scanAnyType } from '../wire/type.ts';
import { argText } from './args.ts';
import { type Asked, askServers, type ClientManner, LookupError, mannerOf, serversOf } from './lookup-tool.ts';
import { isTerminal, type Options } from './main.ts';
import { packageFile } from './package-file.ts';
import { Progress } from './progress.ts';

/** For people: seconds for a question, which is sent once and, after a quarter of them, once more. */
const PATIENCE = 4;
/** For people: questions out at a time, and for how many questions a server that is known to answer may be silent. */
const PARALLEL = 100;
const SILENCES_MAX = 2;
const REDRAW_MS = 250;

/** Runs dnstrace with its arguments. */
export async function dnstrace(args: readonly string[], options: Options): Promise<void> {
  const type = args[0] === undefined ? -1 : scanAnyType(args[0]);
  if (type < 0 || args[1] === undefined) throw new UsageError();
  const name = nameOf(argText(args, 1));
  if (!name) throw new Fatal('out of memory'); // sic
  const manner = mannerOf(options);
  const roots = await rootsOf(args);
  const style = options['typed'] ? 'typed' : 'plain';
  if (!options['tree'] && !options['dot']) return traceInLines({ name, type, style }, roots, manner);
  const steps = new Steps({ name, type, style }, roots.length > 0 ? roots : ownRoots(), manner);
  const visits = await steps.run();
  if (options['dot']) print((await import('../stub/trace-graph.ts')).formatDot(visits));
  else print((await import('../stub/trace-tree.ts')).formatTree(visits, isTerminal(1) && !process.env['NO_COLOR']));
}

async function traceInLines(question: TraceQuestion, roots: readonly Endpoint[], manner: ClientManner): Promise<void> {
  let lines = ''; // not yet printed
  const trace = new Trace(question, roots, (task, fact) => {
    lines += `${formatLine(task, fact)}\n`;
  });
  const progress = new Progress('queries done');
  let failures = 0;
  for (let task = trace.next(); task; task = trace.next()) {
    print(`${lines}${formatLine(task, 'tx')}\n`);
    lines = '';
    progress.show(trace.done - 1, `1 in flight, ${trace.queue.length - trace.done} waiting, ${failures} failed`);
    const asked = await askServers(task, [task.server], manner);
    progress.end();
    report(trace, task, asked);
    if (!asked.reply) failures++;
    print(lines);
    lines = '';
  }
}

function report(trace: Trace, task: Task, { reply, error, milliseconds }: Asked): void {
  if (reply) trace.replied(task, reply, milliseconds / 1000);
  else trace.failed(task, error);
}

/** What came of a task; undefined when it was not carried out. */
type Outcome = Asked | undefined;

/**
 * A trace for people: all tasks that are known make a step, whose servers are asked at once; then come those that the
 * step brought. The result is the same whoever answers first. A server that never answers is asked one question, twice;
 * one that does answer may leave two without a response.
 */
class Steps {
  private readonly trace: Trace;
  private readonly manner: ClientManner;
  private readonly facts = new Map<Task | undefined, Fact[]>();
  private readonly silences = new Map<string, number>();
  private readonly waitedFor = new Set<Task>();
  private readonly progress = new Progress('questions done');

  constructor(question: TraceQuestion, roots: readonly Endpoint[], manner: ClientManner) {
    const timeout = manner.timeout ?? PATIENCE;
    this.manner = { timeout, passes: [timeout / 4, (timeout / 4) * 3] };
    this.trace = new Trace(question, roots, (task, fact) => {
      const known = this.facts.get(task);
      if (known) known.push(fact);
      else this.facts.set(task, [fact]);
    });
  }

  async run(): Promise<Visit[]> {
    const visits: Visit[] = [];
    const timer = setInterval(() => this.show(visits.length), REDRAW_MS);
    for (let tasks = this.known(); tasks.length > 0; tasks = this.known()) {
      const outcomes = await this.step(tasks);
      for (const task of tasks) {
        const asked = outcomes.get(task);
        if (asked) report(this.trace, task, asked);
        else this.trace.skipped(task);
        visits.push({ task, facts: this.facts.get(task) ?? [], milliseconds: asked?.milliseconds });
      }
    }
    clearInterval(timer);
    this.progress.end();
    return visits;
  }

  private known(): Task[] {
    const tasks: Task[] = [];
    for (let task = this.trace.next(); task; task = this.trace.next()) tasks.push(task);
    return tasks;
  }

  /** Asks each server of the step one question; where there is a response, or was before, the others too. */
  private async step(tasks: readonly Task[]): Promise<Map<Task, Outcome>> {
    const outcomes = new Map<Task, Outcome>();
    const servers = new Set<string>();
    const isFirst = ({ server }: Task): boolean => servers.size < servers.add(formatEndpoint(server)).size;
    const firsts = new Set(tasks.filter(isFirst));
    const others = tasks.filter((task) => !firsts.has(task));
    for (const wave of [[...firsts], others]) {
      for (let from = 0; from < wave.length; from += PARALLEL) {
        const asked = wave.slice(from, from + PARALLEL).map(async (task) => outcomes.set(task, await this.ask(task)));
        await Promise.all(asked);
      }
    }
    return outcomes;
  }

  private async ask(task: Task): Promise<Outcome> {
    const server = formatEndpoint(task.server);
    if ((this.silences.get(server) ?? 0) >= SILENCES_MAX) return undefined;
    this.waitedFor.add(task);
    const asked = await askServers(task, [task.server], this.manner);
    this.waitedFor.delete(task);
    if (asked.error !== 'ETIMEDOUT') this.silences.set(server, this.silences.get(server) ?? 0);
    else this.silences.set(server, this.silences.has(server) ? this.silences.get(server)! + 1 : SILENCES_MAX);
    return asked;
  }

  private show(done: number): void {
    const [first] = this.waitedFor;
    if (!first) return;
    const name = first.serverName[0] === 0 ? '' : ` ${formatName(first.serverName)}`;
    const others = this.waitedFor.size > 1 ? ` and ${this.waitedFor.size - 1} more` : '';
    this.progress.show(done, `waiting for ${formatEndpoint(first.server)}${name}${others}`);
  }
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

/** The package's own list of root servers, an address a line. */
function ownRoots(): Endpoint[] {
  const lines = textOf(readFileSync(packageFile('share/dnsroots.global'))).split('\n');
  const roots = lines.flatMap((line) => scanEndpoints(bytesOf(line), 1).endpoints);
  return roots.filter(({ ip }) => ip.length === 4); // IPv6 is used only where somebody names an IPv6 address
}
