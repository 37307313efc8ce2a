// Every question that a lookup may lead to, asked of every server that may be asked. Counterpart: dnstrace.c. A state
// machine: `next` says what to ask whom, `replied` and `failed` report the outcome, facts go to the observer as they
// are learned. Invariant: whenever a question, a zone around its name, a server of that zone and an address of that
// server are known, the question has been queued for that address, once, at the moment the last of them was learned.

import { formatIp4, type Ip4, ip4, newIp4 } from '../base/address.ts';
import { DNS_PORT, type Endpoint, formatEndpoint } from '../base/endpoint.ts';
import { codeText } from '../base/oserror.ts';
import { scanAddressLabels } from '../wire/address-name.ts';
import { CLASS_IN, HEADER_SIZE } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { copyName, formatName, isWithin, NAME_MAX, nameEqual, nameOf, ROOT } from '../wire/name.ts';
import { formatRecord } from '../wire/print.ts';
import * as RCODE from '../wire/rcode.ts';
import { Reader } from '../wire/reader.ts';
import { RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import type { StubQuestion } from './exchange.ts';

/** A question for one server, as a member of `zone`. */
export interface Task extends StubQuestion {
  readonly zone: Uint8Array;
  readonly server: Endpoint;
  /** The server's name, by which it came to be asked. */
  readonly serverName: Uint8Array;
}

/** What was learned, all names and addresses as text. */
export type Fact =
  | { readonly kind: 'ns'; readonly zone: string; readonly server: string }
  | { readonly kind: 'a'; readonly owner: string; readonly ip: string }
  | { readonly kind: 'answer'; readonly record: string }
  | { readonly kind: 'cname'; readonly target: string }
  | { readonly kind: 'nxdomain' }
  | { readonly kind: 'nodata' }
  | { readonly kind: 'see'; readonly zone: string }
  | { readonly kind: 'alert'; readonly text: string };

/** Takes facts; `task` is undefined for what was known from the start. */
export type Observer = (task: Task | undefined, fact: Fact) => void;

interface NameServer {
  readonly zone: Uint8Array;
  readonly server: Uint8Array;
}

interface Address {
  readonly owner: Uint8Array;
  readonly server: Endpoint;
}

const LOCALHOST = nameOf('localhost')!;

const reader = new Reader();
const cursor = new RecordCursor(true);
const owner = new Uint8Array(NAME_MAX);
const data = new Uint8Array(NAME_MAX);

export class Trace {
  /** Tasks handed out, and all that were ever queued. */
  done = 0;
  readonly queue: Task[] = [];
  private readonly questions: StubQuestion[] = [];
  private readonly nameServers: NameServer[] = [];
  private readonly addresses: Address[] = [];
  private readonly known = new Set<string>();
  private readonly observe: Observer;
  private task: Task | undefined;

  /** Begins with a question and the addresses of the root servers. */
  constructor(name: Uint8Array, type: number, roots: readonly Endpoint[], observe: Observer) {
    this.observe = observe;
    this.addQuestion(name, type);
    this.learnNameServer(ROOT, ROOT);
    for (const root of roots) this.learnAddress(ROOT, root);
  }

  /** The next task, or undefined when there is nothing left to ask. Its outcome must be reported before the next. */
  next(): Task | undefined {
    this.task = this.queue[this.done];
    if (this.task) this.done++;
    return this.task;
  }

  /** The task's reply came after so many seconds. */
  replied(reply: Uint8Array, seconds: number): void {
    if (seconds > 1) this.alert('took more than 1 second');
    const trouble = this.parse(reply);
    if (trouble) this.alert(`unable to parse response packet; ${codeText(trouble)}`);
    this.learnFromName();
  }

  /** There was no usable reply; the code of the failure. */
  failed(code: string): void {
    this.alert(`query failed; ${codeText(code)}`);
    this.learnFromName();
  }

  private report(fact: Fact): void {
    this.observe(this.task, fact);
  }

  private alert(text: string): void {
    this.report({ kind: 'alert', text });
  }

  /** Names that a cache may answer by itself. */
  private learnFromName(): void {
    const { name } = this.task!;
    if (nameEqual(name, 0, LOCALHOST, 0)) {
      this.alert('some caches do not handle localhost internally');
      this.learnAddress(name, { ip: ip4(127, 0, 0, 1), port: DNS_PORT });
    }
    const ip = newIp4();
    if (scanAddressLabels(name, ROOT, ip) === 4) {
      this.alert('some caches do not handle IP addresses internally');
      this.learnAddress(name, { ip, port: DNS_PORT });
    }
  }

  /** True when `key` was not known before; names are compared without case. */
  private isNew(...key: readonly (string | number)[]): boolean {
    const text = key.join(' ');
    if (this.known.has(text)) return false;
    this.known.add(text);
    return true;
  }

  private addQuestion(name: Uint8Array, type: number): void {
    if (name[0] === 0 || !this.isNew('Q', formatName(name), type)) return;
    const question = { name, type };
    this.questions.push(question);
    for (const nameServer of this.nameServers) {
      if (!isWithin(name, 0, nameServer.zone, 0)) continue;
      for (const address of this.addresses) this.match(question, nameServer, address);
    }
  }

  private learnNameServer(zone: Uint8Array, server: Uint8Array): void {
    this.report({ kind: 'ns', zone: formatName(zone), server: formatName(server) });
    if (!this.isNew('NS', formatName(zone), formatName(server))) return;
    this.addQuestion(server, TYPE.A);
    const nameServer = { zone, server };
    this.nameServers.push(nameServer);
    for (const question of this.questions) {
      for (const address of this.addresses) this.match(question, nameServer, address);
    }
  }

  private learnAddress(name: Uint8Array, server: Endpoint): void {
    this.report({ kind: 'a', owner: formatName(name), ip: formatEndpoint(server) });
    if (!this.isNew('A', formatName(name), formatEndpoint(server))) return;
    const address = { owner: name, server };
    this.addresses.push(address);
    for (const nameServer of this.nameServers) {
      for (const question of this.questions) this.match(question, nameServer, address);
    }
  }

  private match({ name, type }: StubQuestion, { zone, server }: NameServer, address: Address): void {
    if (!nameEqual(server, 0, address.owner, 0) || !isWithin(name, 0, zone, 0)) return;
    if (!this.isNew('T', formatName(name), type, formatName(zone), formatEndpoint(address.server))) return;
    this.queue.push({ name, type, zone, server: address.server, serverName: server });
  }

  /** Learns from the reply to the current task; returns the code of what is wrong with it, or the empty string. */
  private parse(reply: Uint8Array): '' | 'EPROTO' | 'EIO' {
    const { name, type, zone } = this.task!;
    reader.start(reply);
    reader.skip(3);
    const rcode = reader.u8() & FLAG.RCODE;
    reader.skip(2);
    const answers = reader.u16();
    const authorities = reader.u16();
    const records = answers + authorities + reader.u16();
    reader.pos = HEADER_SIZE;
    reader.skipName();
    reader.pos += 4;
    const start = reader.pos;

    let isOut = false;
    let cname: Uint8Array | undefined;
    let hasSoa = false;
    let referral: Uint8Array | undefined;
    for (let i = 0; i < answers + authorities; i++) {
      const record = readRecord();
      if (!record) return 'EPROTO';
      if (i < answers) {
        if (!record.isInternet || !nameEqual(owner, 0, name, 0)) {
          // not about us
        } else if (type === TYPE.ANY || record.type === type) isOut = true;
        else if (record.type === TYPE.CNAME) {
          if (reader.name(data) === 0) return 'EPROTO';
          cname = copyName(data);
        }
      } else if (record.type === TYPE.SOA) hasSoa = true;
      else if (record.type === TYPE.NS) referral = copyName(owner);
      reader.pos = record.end;
    }

    if (!cname && rcode === RCODE.NOERROR && !isOut && referral && !hasSoa) {
      if (nameEqual(referral, 0, zone, 0) || !isWithin(referral, 0, zone, 0)) {
        this.alert(`lame server; refers to ${formatName(referral)}`);
        return '';
      }
    }
    reader.pos = start;
    if (!this.learnRecords(records, zone)) return 'EPROTO';
    if (cname) {
      this.addQuestion(cname, type);
      this.report({ kind: 'cname', target: formatName(cname) });
    } else if (rcode === RCODE.NXDOMAIN) this.report({ kind: 'nxdomain' });
    else if (isOut) {
      if (!this.reportAnswers(reply, name, type)) return 'EPROTO';
    } else if (hasSoa || !referral) this.report({ kind: 'nodata' });
    else if (!isWithin(name, 0, referral, 0)) return 'EIO';
    else this.report({ kind: 'see', zone: formatName(referral) });
    return '';
  }

  /** NS and A records of names inside the zone; what a server says of others is not its business. */
  private learnRecords(records: number, zone: Uint8Array): boolean {
    for (let i = 0; i < records; i++) {
      const record = readRecord();
      if (!record) return false;
      if (record.isInternet && isWithin(owner, 0, zone, 0)) {
        if (record.type === TYPE.NS) {
          if (reader.name(data) === 0) return false;
          this.learnNameServer(copyName(owner), copyName(data));
        } else if (record.type === TYPE.A && record.end - reader.pos === 4) {
          const ip = reader.copy(4) as Ip4;
          if (reader.failed) return false;
          this.learnAddress(copyName(owner), { ip, port: DNS_PORT });
        }
      }
      reader.pos = record.end;
    }
    return true;
  }

  private reportAnswers(reply: Uint8Array, name: Uint8Array, type: number): boolean {
    cursor.start(reply);
    while (cursor.next(owner)) {
      if (!nameEqual(owner, 0, name, 0) || (type !== TYPE.ANY && cursor.type !== type)) continue;
      const record = formatRecord(cursor, owner);
      if (cursor.failed) return false;
      this.report({ kind: 'answer', record });
    }
    return !cursor.failed;
  }
}

/** The record's head, its owner in `owner`, the reader on its data; undefined when it is not all there. */
function readRecord(): { type: number; isInternet: boolean; end: number } | undefined {
  reader.name(owner);
  const type = reader.u16();
  const isInternet = reader.u16() === CLASS_IN;
  reader.skip(4);
  const end = reader.u16() + reader.pos;
  return reader.failed ? undefined : { type, isInternet, end };
}

/** The line's text after `TYPE:NAME:ZONE:IP:`, as dnstrace prints it and dnstracesort reads it. */
export function formatFact(fact: Fact): string {
  switch (fact.kind) {
    case 'ns':
      return `NS:${fact.zone}:${fact.server}`;
    case 'a':
      return `A:${fact.owner}:${fact.ip}`;
    case 'answer':
      return `answer:${fact.record}`;
    case 'cname':
      return `CNAME:${fact.target}`;
    case 'nxdomain':
      return 'NXDOMAIN';
    case 'nodata':
      return 'NODATA';
    case 'see':
      return `see:${fact.zone}`;
    case 'alert':
      return `ALERT:${fact.text}`;
  }
}

/** `TYPE:NAME:ZONE:IP:`, the beginning of each line about a task. */
export function formatTask(task: Task | undefined): string {
  if (!task) return '0:.:.:start:';
  const ip = task.server.port === DNS_PORT && task.server.ip.length === 4 ? formatIp4(task.server.ip) : undefined;
  return `${task.type}:${formatName(task.name)}:${formatName(task.zone)}:${ip ?? formatEndpoint(task.server)}:`;
}
