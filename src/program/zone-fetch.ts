// One question of axfr-getd to a primary, over UDP or over a connection, from sending to what came of it.

import { type Address, formatAddress } from '../base/address.ts';
import { codeText, errorCode } from '../base/oserror.ts';
import { random16 } from '../base/random.ts';
import { unixNow } from '../base/tai.ts';
import { CopyPatch } from '../data/copy-patch.ts';
import type { Primary } from '../data/primaries.ts';
import type { PublishedZones } from '../data/published.ts';
import { ZoneChanges } from '../data/zone-changes.ts';
import { CopySink } from '../data/zone-copy.ts';
import { TsigChain } from '../transfer/tsig.ts';
import type { TsigKey } from '../transfer/tsig-record.ts';
import { type AnswerLimits, type AnswerSink, ZoneAnswer } from '../transfer/zone-answer.ts';
import type { Ask, Asked } from '../transfer/zone-check.ts';
import type { AnswerOutcome } from '../transfer/zone-question.ts';
import { composeZoneQuestion, type ZoneQuestion } from '../transfer/zone-question.ts';
import { askUdp } from '../transport/ask-udp.ts';
import { tlsReason } from '../transport/tls.ts';
import { framed } from '../wire/framing.ts';
import * as TYPE from '../wire/type.ts';
import { NewCopy, type Place, patchCopy } from './zone-files.ts';
import type { PrimaryStream, ZoneStreams } from './zone-streams.ts';

/** Seconds after which a datagram is sent again, and given up. */
const UDP_WAITS = [2, 3, 5];
/** Milliseconds without anything after the first SOA of an IXFR until it is no use. */
const LONE_SOA = 10_000;
/** Octets a second that a transfer must come in, on average after the first minute. */
const SLOWEST = 1000;
const FIRST_MINUTE = 60_000;

export interface FetchContext {
  readonly limits: AnswerLimits;
  /** Milliseconds that a transfer may take. */
  readonly longest: number;
  readonly streams: ZoneStreams;
  readonly published: PublishedZones;
  readonly keys: ReadonlyMap<string, TsigKey>;
  source(primary: Primary): Address | undefined;
}

/** The zone as it is here. */
export interface FetchedZone {
  readonly name: string;
  readonly wire: Uint8Array;
  readonly serial: number | undefined;
  /** Where its copy is; undefined without one. */
  readonly place: Place | undefined;
}

/** What came of a question. A `whole` or `changes` has its new copy written, not yet committed. */
export interface Fetched {
  readonly outcome: Asked;
  /** The new copy; its first two lines; how often a zone below it had come or gone when it was begun. */
  readonly copy?: NewCopy;
  readonly soaLines?: string;
  readonly turnsBelow?: number;
  /** What is left out: outside the zone, not for data. */
  readonly outside: number;
  readonly notForData: number;
  readonly records: number;
  /** Octets received, and milliseconds it took. */
  readonly octets: number;
  readonly milliseconds: number;
}

const NOTHING = { outside: 0, notForData: 0, records: 0, octets: 0, milliseconds: 0 };

/** Asks; never rejects but for a bug, or a `FileProblem`. */
export async function fetchZone(zone: FetchedZone, ask: Ask, context: FetchContext): Promise<Fetched> {
  const { primary, type } = ask;
  const key = primary.key === undefined ? undefined : context.keys.get(primary.key);
  if (primary.key !== undefined && !key)
    return { outcome: { kind: 'failed', why: `no key ${primary.key}` }, ...NOTHING };
  const chain = key && new TsigChain(key);
  const question: ZoneQuestion = { zone: zone.wire, type, id: random16(), serial: zone.serial, chain };
  return ask.over === 'udp' ? byDatagram(question, primary, context) : byStream(question, zone, ask, context);
}

/** For a question that no record is kept of. */
const NO_SINK: AnswerSink = {
  octets: 0,
  changes: { isTooLarge: false },
  soa: () => true,
  whole() {},
  record: () => 'taken',
  change: () => 'taken',
};

async function byDatagram(question: ZoneQuestion, primary: Primary, context: FetchContext): Promise<Fetched> {
  const answer = new ZoneAnswer(question, context.limits, NO_SINK);
  const message = composeZoneQuestion(question, unixNow());
  const source = context.source(primary);
  const from = source && { ip: source, port: 0 };
  const outcome = await askUdp(message, primary, from, UDP_WAITS, (octets) => {
    const judged = answer.datagram(octets, unixNow());
    return judged?.kind === 'more' ? undefined : judged;
  });
  const asked: Asked =
    'answer' in outcome ? outcome.answer : { kind: 'silent', why: codeText(outcome.code as `E${string}`) };
  return { outcome: asked, ...NOTHING };
}

/** Over a connection: one that was used before may be closed by the peer at any time, so it gets a second chance. */
async function byStream(question: ZoneQuestion, zone: FetchedZone, ask: Ask, context: FetchContext): Promise<Fetched> {
  const { primary } = ask;
  for (;;) {
    let stream: PrimaryStream;
    try {
      stream = await context.streams.acquire(primary);
    } catch (error) {
      const reason = primary.tls === undefined ? undefined : tlsReason(error);
      const why = reason === undefined ? codeText(errorCode(error)) : `tls: ${reason}`;
      return { outcome: reason === undefined ? { kind: 'silent', why } : { kind: 'failed', why }, ...NOTHING };
    }
    const { isUsed } = stream;
    const fetched = await new Conversation(question, zone, stream, context).run(primary);
    if (fetched) return fetched;
    if (!isUsed) return { outcome: { kind: 'failed', why: 'cut off after 0 records' }, ...NOTHING };
    if (question.chain) return fetchZone(zone, ask, context); // a new ID, time and signature
  }
}

/** One question and its answer over a connection. */
class Conversation {
  private readonly question: ZoneQuestion;
  private readonly zone: FetchedZone;
  private readonly stream: PrimaryStream;
  private readonly context: FetchContext;
  private readonly copy: NewCopy;
  private readonly sink: CopySink;
  private readonly answer: ZoneAnswer;
  private readonly began = performance.now();
  private readonly turnsBelow: number;
  private octets = 0;

  constructor(question: ZoneQuestion, zone: FetchedZone, stream: PrimaryStream, context: FetchContext) {
    this.question = question;
    this.zone = zone;
    this.stream = stream;
    this.context = context;
    this.copy = new NewCopy(zone.name);
    this.turnsBelow = context.published.turnsBelow(zone.name);
    this.sink = new CopySink(zone.wire, context.published, (bytes, length) => this.copy.put(bytes, length));
    this.answer = new ZoneAnswer(question, context.limits, this.sink);
  }

  /** Undefined when the peer hung up before it said anything. */
  async run(primary: Primary): Promise<Fetched | undefined> {
    let isClean = false;
    let isKept = false;
    try {
      let outcome = await this.converse();
      if (outcome === undefined) return undefined;
      isClean = isCleanEnd(outcome, this.question);
      if (outcome.kind === 'whole') this.sink.end();
      if (outcome.kind === 'changes') outcome = await this.patch(outcome);
      isKept = outcome.kind === 'whole' || outcome.kind === 'changes';
      if (isKept) await this.copy.drain();
      const { outside, notForData, records } = this.answer;
      const milliseconds = Math.round(performance.now() - this.began);
      const { octets } = this;
      const taken = isKept ? { copy: this.copy, soaLines: this.sink.soaLines, turnsBelow: this.turnsBelow } : {};
      return { outcome, ...taken, outside, notForData, records, octets, milliseconds };
    } catch (error) {
      isKept = false;
      throw error;
    } finally {
      this.context.streams.release(primary, this.stream, isClean);
      if (!isKept) await this.copy.discard();
    }
  }

  private async converse(): Promise<AnswerOutcome | undefined> {
    const { connection, messages } = this.stream;
    try {
      await connection.write(framed(composeZoneQuestion(this.question, unixNow())));
      for (;;) {
        for (let message = messages.next(); message; message = messages.next()) {
          const outcome = this.answer.received(message, unixNow());
          if (outcome.kind !== 'more') return outcome;
        }
        await this.copy.drain();
        const late = this.tooSlow();
        if (late !== undefined) return { kind: 'failed', why: late };
        const chunk = await this.read();
        if (!chunk) return this.octets === 0 ? undefined : this.answer.ended();
        this.octets += chunk.length;
        messages.push(chunk);
      }
    } catch (error) {
      const code = errorCode(error);
      if (code === '') throw error;
      if (this.octets === 0 && code !== 'ETIMEDOUT') return undefined;
      return this.answer.ended(codeText(code));
    }
  }

  /** The next octets. After the lone SOA of an IXFR, which may be all there is, not for long. */
  private async read(): Promise<Uint8Array | undefined> {
    const { connection } = this.stream;
    const isAlone = this.question.type === TYPE.IXFR && this.answer.records === 1;
    const timer = isAlone ? setTimeout(() => connection.endIdling(), LONE_SOA) : undefined;
    try {
      return await connection.read();
    } finally {
      clearTimeout(timer);
    }
  }

  private tooSlow(): string | undefined {
    const passed = performance.now() - this.began;
    if (passed > this.context.longest) return 'too slow';
    return passed > FIRST_MINUTE && this.octets < (SLOWEST * passed) / 1000 ? 'too slow' : undefined;
  }

  /** Applies changes to the copy that is here. */
  private async patch(outcome: AnswerOutcome): Promise<AnswerOutcome> {
    const { zone, sink, copy } = this;
    const patch = new CopyPatch(zone.name, this.context.published, sink.changes, sink.soaLines);
    await patchCopy(zone.place ?? 'zones', zone.name, patch, copy);
    const { problem } = patch;
    if (problem === undefined) return outcome;
    const where = `${zone.place}/${zone.name}`;
    const why = problem === 'not as it was written' ? `${where} is ${problem}` : problem;
    return { kind: 'bad changes', why: `ixfr: ${why}` };
  }
}

/** After these nothing more of an answer is on its way. */
function isCleanEnd(outcome: AnswerOutcome, { type }: ZoneQuestion): boolean {
  if (outcome.kind === 'whole' || outcome.kind === 'changes') return true;
  return type === TYPE.SOA && (outcome.kind === 'same' || outcome.kind === 'newer' || outcome.kind === 'older');
}

/** Rewrites the copy of a zone as the zones published below it want it, unless it is not as it was written. */
export async function rewriteCopy(
  zone: FetchedZone & { readonly mtime: number },
  published: PublishedZones,
): Promise<void> {
  const copy = new NewCopy(zone.name);
  const patch = new CopyPatch(zone.name, published, new ZoneChanges());
  try {
    await patchCopy('zones', zone.name, patch, copy);
    if (patch.problem === undefined && patch.hasTurned) await copy.commit('zones', zone.mtime);
    else await copy.discard();
  } catch (error) {
    await copy.discard();
    throw error;
  }
}

/** A primary as the log has it: its port is always there. */
export function addressText({ ip, port }: Primary): string {
  const address = formatAddress(ip);
  return ip.length === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}
