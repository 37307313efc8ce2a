// Every question that a lookup may lead to, asked of every server that may be asked. Counterpart: dnstrace.c. A state
// machine: `next` says what to ask whom, `replied` and `failed` report the outcome, facts go to the observer as they
// are learned. Invariant: whenever a question, a zone around its name, a server of that zone and an address of that
// server are known, the question has been queued for that address, once, at the moment the last of them was learned.

import { ip4, newIp4 } from '../base/address.ts';
import { DNS_PORT, type Endpoint, formatEndpoint } from '../base/endpoint.ts';
import { codeText } from '../base/oserror.ts';
import { scanAddressLabels } from '../wire/address-name.ts';
import { formatName, isWithin, nameEqual, nameOf, ROOT } from '../wire/name.ts';
import type { PrintStyle } from '../wire/print.ts';
import * as TYPE from '../wire/type.ts';
import type { StubQuestion } from './exchange.ts';
import type { Fact, Task } from './trace-line.ts';
import { readResponse } from './trace-response.ts';

/** Takes facts; `task` is undefined for what was known from the start. */
export type Observer = (task: Task | undefined, fact: Fact) => void;

/** A question; `key` is its text, the same for the same question. */
interface Question extends StubQuestion {
  readonly key: string;
}

/** A host that serves zones, or has an address, or both. Each list is in the order of learning. */
interface Host {
  readonly name: Uint8Array;
  readonly zones: Zone[];
  readonly addresses: Endpoint[];
}

/** A zone as one of its servers serves it. */
interface Zone {
  readonly name: Uint8Array;
  readonly key: string;
  readonly host: Host;
}

const LOCALHOST = nameOf('localhost')!;
const LOOPBACK = ip4(127, 0, 0, 1);

/** What is traced, and how the records that answer it are shown. */
export interface TraceQuestion extends StubQuestion {
  readonly style?: PrintStyle;
}

export class Trace {
  /** Tasks handed out, and all that were ever queued. */
  done = 0;
  readonly queue: Task[] = [];
  private readonly questions: Question[] = [];
  private readonly zones: Zone[] = [];
  private readonly hosts = new Map<string, Host>();
  private readonly known = new Set<string>();
  private readonly observe: Observer;
  readonly withIp6: boolean;
  readonly style: PrintStyle;

  /**
   * Begins with a question and the addresses of the root servers. IPv6 is used where one of them is an IPv6 address.
   */
  constructor({ name, type, style = 'plain' }: TraceQuestion, roots: readonly Endpoint[], observe: Observer) {
    this.observe = observe;
    this.style = style;
    this.withIp6 = roots.some(({ ip }) => ip.length === 16);
    this.addQuestion(name, type);
    this.learn(undefined, { kind: 'ns', zone: ROOT, server: ROOT });
    for (const server of roots) this.learn(undefined, { kind: 'a', owner: ROOT, server });
  }

  /** The next task, or undefined when there is nothing left to ask, unless a task that is under way brings more. */
  next(): Task | undefined {
    return this.done < this.queue.length ? this.queue[this.done++] : undefined;
  }

  /** The task's response came after so many seconds. */
  replied(task: Task, response: Uint8Array, seconds: number): void {
    if (seconds > 1) this.alert(task, 'took more than 1 second');
    for (const fact of readResponse(response, task, this)) this.learn(task, fact);
    this.learnFromName(task);
  }

  /** There was no usable response; the code of the failure. */
  failed(task: Task, code: string): void {
    this.alert(task, `query failed; ${codeText(code)}`);
    this.learnFromName(task);
  }

  /** The task was not carried out, because its server has been silent before. */
  skipped(task: Task): void {
    this.alert(task, 'not asked; server was silent before');
    this.learnFromName(task);
  }

  private alert(task: Task, text: string): void {
    this.observe(task, { kind: 'alert', text });
  }

  /** Names that a cache may answer by itself. */
  private learnFromName(task: Task): void {
    const owner = task.name;
    if (nameEqual(owner, 0, LOCALHOST, 0)) {
      this.alert(task, 'some caches do not handle localhost internally');
      this.learn(task, { kind: 'a', owner, server: { ip: LOOPBACK, port: DNS_PORT } });
    }
    const ip = newIp4();
    if (scanAddressLabels(owner, ROOT, ip) === 4) {
      this.alert(task, 'some caches do not handle IP addresses internally');
      this.learn(task, { kind: 'a', owner, server: { ip, port: DNS_PORT } });
    }
  }

  private learn(task: Task | undefined, fact: Fact): void {
    if (fact.kind === 'cname') this.addQuestion(fact.target, task!.type);
    this.observe(task, fact);
    if (fact.kind === 'ns') this.addNameServer(fact.zone, fact.server);
    if (fact.kind === 'a') this.addAddress(fact.owner, fact.server);
  }

  /** True when `key` was not known before; names are compared without case. */
  private isNew(key: string): boolean {
    const before = this.known.size;
    return this.known.add(key).size > before;
  }

  private addQuestion(name: Uint8Array, type: number): void {
    const key = `${formatName(name)} ${type}`;
    if (name[0] === 0 || !this.isNew(`Q ${key}`)) return;
    const question = { name, type, key };
    this.questions.push(question);
    for (const zone of this.zones) {
      if (zone.host.addresses.length > 0 && isWithin(name, 0, zone.name, 0)) this.ask(question, zone);
    }
  }

  private addNameServer(name: Uint8Array, server: Uint8Array): void {
    const key = formatName(name);
    if (!this.isNew(`NS ${key} ${formatName(server)}`)) return;
    this.addQuestion(server, TYPE.A);
    if (this.withIp6) this.addQuestion(server, TYPE.AAAA);
    const host = this.hostOf(server);
    const zone = { name, key, host };
    this.zones.push(zone);
    host.zones.push(zone);
    if (host.addresses.length > 0) this.askAll(zone);
  }

  private addAddress(owner: Uint8Array, server: Endpoint): void {
    if (!this.isNew(`A ${formatName(owner)} ${formatEndpoint(server)}`)) return;
    const host = this.hostOf(owner);
    host.addresses.push(server);
    for (const zone of host.zones) this.askAll(zone, [server]);
  }

  private hostOf(name: Uint8Array): Host {
    const key = formatName(name);
    let host = this.hosts.get(key);
    if (!host) this.hosts.set(key, (host = { name, zones: [], addresses: [] }));
    return host;
  }

  /** Every question below the zone, of its host at these addresses. */
  private askAll(zone: Zone, addresses?: readonly Endpoint[]): void {
    for (const question of this.questions) {
      if (isWithin(question.name, 0, zone.name, 0)) this.ask(question, zone, addresses);
    }
  }

  private ask(question: Question, zone: Zone, addresses: readonly Endpoint[] = zone.host.addresses): void {
    const { name, type, key } = question;
    for (const server of addresses) {
      if (!this.isNew(`T ${key} ${zone.key} ${formatEndpoint(server)}`)) continue;
      this.queue.push({ name, type, zone: zone.name, server, serverName: zone.host.name });
    }
  }
}
