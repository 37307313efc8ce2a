// The body of dnsfilter: lines in, the same lines out in the same order, with host names for the IP addresses that they
// begin with. Counterpart: dnsfilter.c. Invariant: a line is taken in only while fewer than `lines` are held and fewer
// than `parallel` questions are out; it leaves when it and all before it are finished.

import { type Address, newIp4, scanIp4, scanIp6 } from '../base/address.ts';
import { concat, EMPTY, textOf, unpack32 } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { Fatal } from '../base/errors.ts';
import { codeText, errorText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import { decimalOf } from '../base/text.ts';
import { Exchange } from '../stub/exchange.ts';
import { hostNameIn, isBad, leastTtl } from '../stub/extract.ts';
import { LoopbackSockets } from '../transport/loopback.ts';
import { transmit } from '../transport/transmit.ts';
import { reverseName } from '../wire/address-name.ts';
import { formatName } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { argBytes } from './args.ts';
import { resolverConfig, seconds } from './lookup-tool.ts';
import { complain } from './main.ts';
import { Progress } from './progress.ts';

/** The options' values. */
export interface FilterLimits {
  /** Questions out at a time, 1 to 1000. */
  readonly parallel: number;
  /** Lines held at a time, 1 to 1000000. */
  readonly lines: number;
  /** IPv6 addresses are looked up too. */
  readonly withIp6: boolean;
}

const SIX = 54;

const USAGE = 'dnsfilter: usage: dnsfilter [ -c concurrency ] [ -l lines ]';

/** Reads the options as getopt does: `-c2` and `-c 2`; `-n` is `-l`. Wrong ones end the program with 111. */
export function filterLimits(args: readonly string[]): FilterLimits {
  let parallel = 10;
  let lines = 1000;
  let withIp6 = false;
  const refuse = (message: string): never => {
    complain(`dnsfilter: ${message}`);
    complain(USAGE);
    process.exit(111);
  };
  for (let i = 0; i < args.length; i++) {
    let word = argBytes(args, i);
    if (word[0] !== 45 || word.length === 1 || textOf(word) === '--') break;
    while (word[1] === SIX) {
      withIp6 = true;
      word = word.subarray(1);
    }
    if (word.length === 1) continue;
    const option = String.fromCharCode(word[1]!);
    if (!'cln'.includes(option)) refuse(`illegal option -- ${option}`);
    if (word.length === 2 && i + 1 >= args.length) refuse(`option requires an argument -- ${option}`);
    const value = decimalOf(word.length > 2 ? word.subarray(2) : argBytes(args, ++i));
    if (option === 'c') parallel = Math.min(Math.max(value, 1), 1000);
    else lines = Math.min(Math.max(value, 1), 1000000);
  }
  return { parallel, lines, withIp6 };
}

/** A line with its newline; `result` goes in after the first `word` octets and is undefined while unknown. */
interface Line {
  readonly bytes: Uint8Array;
  readonly word: number;
  result: string | undefined;
}

/** What an address is known by: an IPv4 address as a number, the octets of an IPv6 address as text. */
type Key = number | string;

/** A question on its way, and the lines that wait for its answer. */
interface Lookup {
  readonly lines: Line[];
}

/** Names found are remembered as long as their TTL says, at most so many, and never longer than so many seconds. */
const MEMORY_MAX = 100000;
const MEMORY_SECONDS = 600;

interface Remembered {
  readonly result: string;
  readonly until: number;
}

/** Runs from stdin to stdout until the end of the input. */
export function filter(limits: FilterLimits): Promise<void> {
  return new Promise((resolve, reject) => {
    new Filter(limits, resolve, reject).start();
  });
}

class Filter {
  private readonly limits: FilterLimits;
  private readonly done: () => void;
  private readonly broken: (error: unknown) => void;
  private readonly sockets = new LoopbackSockets();
  private readonly progress = new Progress('lines');
  private readonly memory = new Map<Key, Remembered>();
  private readonly lookups = new Map<Key, Lookup>();
  private readonly held: Line[] = [];
  private first = 0; // in `held`
  /** The beginning of a line whose end has not come yet, as it came. */
  private readonly begun: Uint8Array[] = [];
  private input: Uint8Array = EMPTY;
  private inputAt = 0;
  private hasEnded = false;
  private isFlushing = false;
  private isOver = false;
  private written = 0;
  private failures = 0;

  constructor(limits: FilterLimits, done: () => void, broken: (error: unknown) => void) {
    this.limits = limits;
    this.done = done;
    this.broken = broken;
  }

  start(): void {
    const end = (): void => {
      this.hasEnded = true;
      if (this.begun.length > 0) this.takeBegun();
      this.pump();
    };
    process.stdin.on('data', (chunk: Buffer) => {
      this.begun.push(chunk);
      if (!chunk.includes(10)) return;
      process.stdin.pause();
      this.takeBegun();
      this.pump();
    });
    process.stdin.on('end', end);
    process.stdin.on('error', end);
  }

  /** What came of a line becomes the input, all of which has been taken. */
  private takeBegun(): void {
    this.input = concat(this.begun);
    this.inputAt = 0;
    this.begun.length = 0;
  }

  /** Takes in what may be taken in, and puts out what is finished. */
  private pump(): void {
    try {
      this.finishLines();
      while (this.held.length - this.first < this.limits.lines && this.lookups.size < this.limits.parallel) {
        const line = this.nextLine();
        if (!line) break;
        this.held.push(line);
        this.finishLines();
      }
    } catch (error) {
      this.broken(error);
    }
  }

  /** The next line of the input, its lookup begun; undefined when there is none yet, or none any more. */
  private nextLine(): Line | undefined {
    const { input, inputAt: from } = this;
    let to = input.indexOf(10, from) + 1;
    if (to === 0) {
      if (!this.hasEnded) {
        if (from < input.length) this.begun.push(input.subarray(from));
        this.input = EMPTY;
        this.inputAt = 0;
        process.stdin.resume();
        return undefined;
      }
      if (from === input.length) return undefined;
      to = input.length;
    }
    this.inputAt = to;
    let word = from;
    while (word < to && input[word] !== 32 && input[word] !== 9 && input[word] !== 10) word++;
    const line: Line = { bytes: input.subarray(from, to), word: word - from, result: undefined };
    const ip4 = newIp4();
    const isIp4 = scanIp4(input, from, word, ip4, 0) > 0;
    const ip = isIp4 ? ip4 : this.limits.withIp6 ? scanIp6(textOf(input, from, word)) : undefined;
    if (ip) this.lookUp(line, ip);
    else line.result = '';
    return line;
  }

  /** Finds the line's result, now or later. */
  private lookUp(line: Line, ip: Address): void {
    const key = ip.length === 4 ? unpack32(ip, 0) : textOf(ip);
    const remembered = this.memory.get(key);
    if (remembered) {
      if (seconds() < remembered.until) {
        line.result = remembered.result;
        return;
      }
      this.memory.delete(key);
    }
    const underWay = this.lookups.get(key);
    if (underWay) {
      underWay.lines.push(line);
      return;
    }
    this.lookups.set(key, { lines: [line] });
    const exchange = new Exchange({ name: reverseName(ip), type: TYPE.PTR }, caches(), { recursive: true });
    transmit(exchange, () => this.found(key, exchange), { loopback: this.sockets });
  }

  private found(key: Key, { reply, error }: Exchange): void {
    const result = reply ? this.resultOf(key, reply) : failure(error);
    if (!reply) this.failures++;
    for (const line of this.lookups.get(key)!.lines) line.result = result;
    this.lookups.delete(key);
    this.pump();
  }

  private resultOf(key: Key, reply: Uint8Array): string {
    const host = hostNameIn(reply);
    if (isBad(host)) return `=${failure(host.code)}`;
    const result = host ? `=${formatName(host)}` : '';
    const ttl = Math.min(leastTtl(reply), MEMORY_SECONDS);
    if (ttl > 0) {
      if (this.memory.size >= MEMORY_MAX) this.memory.clear();
      this.memory.set(key, { result, until: seconds() + ttl });
    }
    return result;
  }

  private finishLines(): void {
    const { held } = this;
    for (; this.first < held.length; this.first++) {
      const { bytes, word, result } = held[this.first]!;
      if (result === undefined) break;
      if (result === '') stdout.put(bytes);
      else {
        stdout.put(bytes, 0, word);
        stdout.putText(result);
        stdout.put(bytes, word);
      }
      this.written++;
    }
    if (this.first === held.length || this.first > 4096) {
      held.splice(0, this.first);
      this.first = 0;
    }
    this.progress.show(this.written, `${this.lookups.size} in flight, ${this.failures} failed`);
    if (!this.isFlushing) {
      this.isFlushing = true;
      setImmediate(() => this.flush()); // what this turn of the event loop brings is written at once
    }
  }

  private flush(): void {
    this.isFlushing = false;
    stdout.flush();
    if (!this.hasEnded || this.held.length > 0 || this.inputAt < this.input.length || this.isOver) return;
    this.isOver = true;
    this.progress.end();
    this.sockets.close();
    this.done();
  }
}

function failure(code: string): string {
  return `:${codeText(code).replaceAll(' ', '-')}`;
}

/** The caches to ask. Fatal when a file that names them cannot be read. */
function caches(): readonly Endpoint[] {
  try {
    return resolverConfig().cacheServers(seconds());
  } catch (error) {
    throw new Fatal(`unable to read /etc/resolv.conf: ${errorText(error)}`);
  }
}
