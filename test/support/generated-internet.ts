// Internets made by a seed, for the resolver to find its way in: zones below zones, servers inside and outside of the
// zones that they serve, some of them dead, lame, slow, without AA or without glue; and an oracle, which asks every
// server of every zone, and knows no cache. All addresses are loopback, so that sockets may serve one.
import type { Server } from './dialogue.ts';
import { isWithin, NXDOMAIN, REFUSED, type Reply } from './scripted.ts';

/** What is wrong with a server. `no-glue`: its referrals have none, but it answers who asks for the address. */
export const FAULTS = ['silent', 'refusing', 'upward', 'slow', 'no-aa', 'no-glue'] as const;
export type Fault = (typeof FAULTS)[number];

/** Faults with which a server tells nobody anything. */
const HOPELESS: readonly Fault[] = ['silent', 'refusing', 'upward'];

export interface InternetOptions {
  readonly seed: number;
  readonly zones: number;
  /** The share of servers that have a fault, and which. */
  readonly faulty: number;
  readonly faults: readonly Fault[];
  /** TTLs are from 1 to this. */
  readonly ttlMax: number;
  readonly depthMax: number;
}

interface Zone {
  readonly apex: string;
  readonly depth: number;
  readonly parent: Zone | undefined;
  readonly children: Zone[];
  /** `owner ttl type data`. */
  readonly records: string[];
  readonly ns: string[];
  readonly addresses: string[];
  /** How many zones outside have to be found before this one can be. */
  readonly needs: number;
}

/** Zones outside that may have to be found one for the other; the resolver has five levels. */
const NEEDS_MAX = 2;

/** Numbers that the seed decides (Park and Miller). */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = (seed % 2147483646) + 1;
    for (let i = 0; i < 5; i++) this.below(2);
  }

  /** From 0 to `n` - 1. */
  below(n: number): number {
    this.state = (this.state * 48271) % 2147483647;
    return Math.floor((this.state / 2147483647) * n);
  }

  isOne(share: number): boolean {
    return this.below(1_000_000) < share * 1_000_000;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

export class GeneratedInternet {
  readonly roots: readonly string[] = ['127.69.0.1', '127.69.0.2'];
  readonly servers: Record<string, Server> = {};
  /** Names, and the address that is true. */
  readonly names: { readonly name: string; readonly address: string }[] = [];
  private readonly dice: Dice;
  private readonly options: InternetOptions;
  private readonly zones: Zone[] = [];
  private readonly served = new Map<string, Zone[]>();
  private readonly faults = new Map<string, Fault>();
  private addresses = 0;

  constructor(options: InternetOptions) {
    this.options = options;
    this.dice = new Dice(options.seed);
    const root: Zone = {
      apex: '',
      depth: 0,
      parent: undefined,
      children: [],
      records: this.roots.map((address, i) => `r${i} 3600 A ${address}`),
      ns: this.roots.map((_, i) => `. 3600 NS r${i}`),
      addresses: [...this.roots],
      needs: 0,
    };
    this.zones.push(root);
    for (const address of this.roots) this.served.set(address, [root]);
    while (this.zones.length <= options.zones) this.addZone();
    for (const [address, zones] of this.served) this.servers[address] = this.serverOf(address, zones);
  }

  private ttl(): number {
    return 1 + this.dice.below(this.options.ttlMax);
  }

  private addZone(): void {
    const { dice } = this;
    const index = this.zones.length;
    let parent = index <= 4 ? this.zones[0]! : dice.of(this.zones);
    if (parent.depth >= this.options.depthMax) parent = this.zones[0]!;
    const apex = parent.apex === '' ? `z${index}` : `z${index}.${parent.apex}`;
    const zone: Zone = {
      apex,
      depth: parent.depth + 1,
      parent,
      children: [],
      records: [],
      ns: [],
      addresses: [],
      needs: 0,
    };
    const nsTtl = this.ttl();
    let { needs } = parent;
    for (let i = 0, count = 1 + dice.below(3); i < count; i++) {
      const host = index > 20 && dice.isOne(0.3) ? dice.of(this.zones.slice(1)) : zone;
      const isOutside = host !== zone && host.needs < NEEDS_MAX;
      const server = isOutside ? `s${index}-${i}.${host.apex}` : `ns${i}.${apex}`;
      const address = this.newAddress();
      zone.ns.push(`${apex} ${nsTtl} NS ${server}`);
      (isOutside ? host : zone).records.push(`${server} ${this.ttl()} A ${address}`);
      if (isOutside) needs = Math.max(needs, host.needs + 1);
      zone.addresses.push(address);
      this.served.set(address, [zone]);
      if (dice.isOne(this.options.faulty)) this.faults.set(address, dice.of(this.options.faults));
    }
    (zone as { needs: number }).needs = needs;
    for (let i = 0; i < 3; i++) {
      const address = this.newAddress();
      zone.records.push(`h${i}.${apex} ${this.ttl()} A ${address}`);
      this.names.push({ name: `h${i}.${apex}`, address });
    }
    parent.children.push(zone);
    this.zones.push(zone);
  }

  private newAddress(): string {
    const n = ++this.addresses;
    return `127.${70 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
  }

  private serverOf(address: string, zones: readonly Zone[]): Server {
    const fault = this.faults.get(address);
    const delay = fault === 'slow' ? 0.2 + this.dice.below(700) / 1000 : 0.005;
    return ({ name, type }) => {
      if (fault === 'silent') return 'silent';
      return { after: delay, deed: reply(zones, name, type, fault) };
    };
  }

  /** The names that somebody patient finds. */
  resolvable(): { readonly name: string; readonly address: string }[] {
    const known = new Map<Zone, boolean>();
    const canFind = (zone: Zone): boolean => {
      const before = known.get(zone);
      if (before !== undefined) return before;
      known.set(zone, false); // who needs itself finds nothing
      const isFound =
        !zone.parent ||
        (canFind(zone.parent) &&
          zone.ns.some((text, i) => this.answers(zone.addresses[i]!) && this.isNear(zone, text, canFind)));
      known.set(zone, isFound);
      return isFound;
    };
    return this.names.filter(({ name, address }) => {
      const zone = this.zoneOf(name);
      const told = zone.addresses.some((server) => {
        const answer = this.answers(server) ? reply([zone], name, 'A', this.faults.get(server)).answer : undefined;
        return answer?.[0]?.endsWith(` ${address}`);
      });
      return told && canFind(zone);
    });
  }

  /** The address of the server in an NS record can be found: it is inside the zone, or in a zone that can be found. */
  private isNear(zone: Zone, ns: string, canFind: (zone: Zone) => boolean): boolean {
    const server = ns.split(' ')[3]!;
    return isWithin(server, zone.apex) ? this.zoneOf(server) === zone : canFind(this.zoneOf(server));
  }

  private answers(address: string): boolean {
    const fault = this.faults.get(address);
    return fault === undefined || !HOPELESS.includes(fault);
  }

  private zoneOf(name: string): Zone {
    let zone = this.zones[0]!;
    for (;;) {
      const child = zone.children.find(({ apex }) => isWithin(name, apex));
      if (!child) return zone;
      zone = child;
    }
  }
}

/** What a server of these zones says, with its fault. */
function reply(zones: readonly Zone[], name: string, type: string, fault: Fault | undefined): Reply {
  if (fault === 'refusing') return { rcode: REFUSED, flags: 0 };
  if (fault === 'upward') return { flags: 0, authority: ['. 3600 NS a.root'] };
  const zone = zones.filter(({ apex }) => isWithin(name, apex)).sort((a, b) => b.apex.length - a.apex.length)[0];
  if (!zone) return { rcode: REFUSED, flags: 0 };
  const child = zone.children.find(({ apex }) => isWithin(name, apex));
  if (child) {
    const glue = child.ns.flatMap((text) => {
      const server = text.split(' ')[3]!;
      const holder = [child, zone].find(({ records }) => records.some((record) => record.startsWith(`${server} `)));
      return holder ? holder.records.filter((record) => record.startsWith(`${server} `)) : [];
    });
    if (fault !== 'no-glue') return { flags: 0, authority: child.ns, additional: glue };
    const own = glue.filter((record) => type === 'A' && record.startsWith(`${name} `));
    return own.length > 0 ? { flags: 0, answer: own } : { flags: 0, authority: child.ns };
  }
  const flags = fault === 'no-aa' ? { flags: 0 } : {};
  const of = [...zone.records, ...zone.ns].filter((record) => record.startsWith(`${name || '.'} `));
  const answer = of.filter((record) => record.split(' ')[2] === type);
  if (answer.length > 0) return { ...flags, answer };
  const authority = [`${zone.apex || '.'} 60 SOA n.${zone.apex} h 1 2 3 4 60`];
  return of.length > 0 ? { ...flags, authority } : { ...flags, rcode: NXDOMAIN, authority };
}
