// The private internet as data: zones, who serves them, and what is in them. Pure: authorities.ts makes servers of it.
// Two roots, four TLDs and a reverse tree, 64 leaf zones spread over four kinds of name server software, signed and
// unsigned, in bailiwick and not, some shared by two kinds, some shared by one good and one bad server.

export type Software = 'tinydns' | 'bind' | 'nsd' | 'knot';
export const SOFTWARE: readonly Software[] = ['tinydns', 'bind', 'nsd', 'knot'];

export interface Resource {
  owner: string;
  ttl: number;
  type: string;
  /** As in a zone file; names absolute, with the dot at the end. */
  data: string;
}

/** A zone; names have no dot at the end, the root is empty. */
export interface Zone {
  name: string;
  records: Resource[];
  signed: boolean;
}

/** One name server process. */
export interface Authority {
  software: Software;
  address: string;
  zones: Zone[];
}

export interface World {
  authorities: Authority[];
  roots: string[];
  questions: { name: string; type: string }[];
}

/** The misbehaviours that a zone's second server, a scripted one, can have. Each is a script in bad-servers.ts. */
export const FAULTS = [
  'lame',
  'lame-upward',
  'dead',
  'silent',
  'slow',
  'truncating',
  'refusing',
  'failing',
  'formerr',
  'notimp',
  'wrong-id',
  'wrong-question',
  'echo',
  'malformed',
  'empty',
  'oversize',
  'sideways',
  'poisoning',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The faults that leave no answer when every server of a zone has them. */
export const HOPELESS: readonly Fault[] = ['lame', 'dead', 'refusing', 'failing', 'formerr', 'notimp'];

const TLDS = ['alpha', 'beta', 'gamma', 'delta'] as const;
const LEAVES = 64;
const HOSTS = 70;
/** Long enough that nothing expires in a test. */
const TTL = 7200;

/** The address of the bad server with this fault. */
export function faultAddress(prefix: string, fault: Fault): string {
  return `${prefix}.${101 + FAULTS.indexOf(fault)}`;
}

/** Builds the internet on the addresses `prefix.1` to `prefix.199`. */
export function buildWorld(prefix: string): World {
  const rootAddresses = [`${prefix}.1`, `${prefix}.2`];
  const root = zone('', 'a.root', false);
  root.records.push(...delegation('', ['a.root', 'b.root'], rootAddresses));

  const tlds = TLDS.map((name, i) => zone(name, `ns.${name}`, SOFTWARE[i] !== 'tinydns'));
  const reverse = zone('in-addr.arpa', 'ns.alpha', false);
  const tldAddress = (i: number): string => `${prefix}.${11 + i}`;
  for (const [i, tld] of tlds.entries()) {
    const records = delegation(tld.name, [`ns.${tld.name}`], [tldAddress(i)]);
    root.records.push(...records);
    tld.records.push(...records);
  }
  root.records.push(...delegation('in-addr.arpa', ['ns.alpha'], []));
  reverse.records.push(...delegation('in-addr.arpa', ['ns.alpha'], []));

  const leafAddress = (software: Software): string => `${prefix}.${21 + SOFTWARE.indexOf(software)}`;
  const leaves = new Map<Software, Zone[]>(SOFTWARE.map((software) => [software, []]));
  const parentOf = (name: string): Zone => {
    const last = name.slice(name.lastIndexOf('.') + 1);
    return tlds.find((tld) => tld.name === last) ?? reverse;
  };
  const questions: World['questions'] = [];

  // A zone whose hosts are the name servers of zones elsewhere.
  const hosting = zone('hosting.alpha', 'ns.hosting.alpha', false);
  const hostingNs = delegation(hosting.name, ['ns.hosting.alpha'], [leafAddress('tinydns')]);
  parentOf(hosting.name).records.push(...hostingNs);
  hosting.records.push(...hostingNs);
  for (const software of SOFTWARE) hosting.records.push(a(`${software}.hosting.alpha`, leafAddress(software)));
  leaves.get('tinydns')!.push(hosting);

  for (let k = 0; k < LEAVES; k++) {
    const name = leafName(k);
    const first = SOFTWARE[(k >> 2) % 4]!;
    const servers = k % 3 === 0 ? [first, SOFTWARE[((k >> 2) + 1) % 4]!] : [first];
    const leaf = zone(name, `ns1.${name}`, k % 2 === 1 && !servers.includes('tinydns'));
    const isGlueless = k % 5 === 4;
    const names = servers.map((software, i) => (isGlueless ? `${software}.hosting.alpha` : `ns${i + 1}.${name}`));
    const ns = delegation(name, names, isGlueless ? [] : servers.map(leafAddress));
    parentOf(name).records.push(...ns);
    leaf.records.push(...ns);
    for (let j = 0; j < HOSTS; j++) addHost(leaf, k, j, questions);
    const isUniform = servers.every((software) => software !== 'tinydns');
    addExtras(leaf, k, isUniform, questions);
    for (const software of servers) leaves.get(software)!.push(leaf);
  }

  // A child zone on another server than its parent.
  for (let k = 0; k < LEAVES; k += 8) {
    const parent = SOFTWARE.flatMap((software) => leaves.get(software)!.filter(({ name }) => name === leafName(k)));
    const software = SOFTWARE[((k >> 2) + 2) % 4]!;
    const name = `sub.${leafName(k)}`;
    const child = zone(name, `ns.${name}`, false);
    const ns = delegation(name, [`ns.${name}`], [leafAddress(software)]);
    parent[0]!.records.push(...ns);
    child.records.push(...ns);
    for (let j = 0; j < 20; j++) {
      child.records.push(a(`h${j}.${name}`, `10.200.${k}.${j}`));
      questions.push({ name: `h${j}.${name}`, type: 'A' });
    }
    leaves.get(software)!.push(child);
  }

  addReverse(reverse, leaves.get('tinydns')!, questions);
  for (const fault of FAULTS) addFaulty(prefix, fault, leafAddress, leaves, parentOf, questions);

  const authorities: Authority[] = [
    { software: 'tinydns', address: rootAddresses[0]!, zones: [root] },
    { software: 'nsd', address: rootAddresses[1]!, zones: [root] },
    ...tlds.map((tld, i) => ({
      software: SOFTWARE[i]!,
      address: tldAddress(i),
      zones: i === 0 ? [tld, reverse] : [tld],
    })),
    ...SOFTWARE.map((software) => ({ software, address: leafAddress(software), zones: leaves.get(software)! })),
  ];
  return { authorities, roots: rootAddresses, questions };
}

function leafName(k: number): string {
  return `z${k % LEAVES}.${TLDS[k % 4]}`;
}

function zone(name: string, mname: string, signed: boolean): Zone {
  const data = `${mname}. hostmaster.${mname}. 1 3600 900 604800 1800`;
  return { name, records: [{ owner: name, ttl: 1800, type: 'SOA', data }], signed };
}

function a(owner: string, address: string): Resource {
  return { owner, ttl: TTL, type: 'A', data: address };
}

/** NS records and the addresses of those names that have one. */
function delegation(name: string, servers: readonly string[], addresses: readonly string[]): Resource[] {
  const records: Resource[] = [];
  for (const [i, server] of servers.entries()) {
    records.push({ owner: name, ttl: TTL, type: 'NS', data: `${server}.` });
    if (addresses[i]) records.push(a(server, addresses[i]!));
  }
  return records;
}

/** Host `j` of leaf zone `k`: its kind goes by `j`. The questions about it are in mixed case now and then. */
function addHost(leaf: Zone, k: number, j: number, questions: World['questions']): void {
  const owner = `h${j}.${leaf.name}`;
  const push = (type: string, data: string): void => {
    leaf.records.push({ owner, ttl: TTL + j, type, data });
  };
  const ask = (type: string): void => {
    questions.push({ name: (j + k) % 9 === 0 ? owner.toUpperCase() : owner, type });
  };
  const kind = j % 10;
  if (kind === 6) {
    push('CNAME', `h${j % 5}.${leafName(k * 7 + j)}.`);
    return ask('A');
  }
  if (kind === 9) {
    push('SRV', `10 5 5060 h0.${leafName(k + 1)}.`);
    push('CAA', `0 issue "ca${k}.example"`);
    for (const type of ['SRV', 'CAA', 'A']) ask(type);
    return;
  }
  for (let i = 0; i <= j % 3; i++) push('A', `10.${k}.${j}.${i + 1}`);
  ask('A');
  if (kind === 5) {
    push('AAAA', `2001:db8::${k.toString(16)}:${j.toString(16)}`);
    ask('AAAA');
  } else if (kind === 7) {
    push('MX', `10 h0.${leaf.name}.`);
    push('MX', `20 mail.h1.${leafName(k + 2)}.`);
    ask('MX');
  } else if (kind === 8) {
    push('TXT', `"text of host ${j} in zone ${k}"`);
    ask('TXT');
  } else if (kind === 0) ask('AAAA');
}

/** Names that are not there, the apex, and what tinydns has no words for: only in zones that it does not serve. */
function addExtras(leaf: Zone, k: number, isUniform: boolean, questions: World['questions']): void {
  const { name } = leaf;
  const push = (owner: string, type: string, data: string): void => {
    leaf.records.push({ owner, ttl: TTL, type, data });
  };
  for (let j = 0; j < 8; j++) questions.push({ name: `nx${j}.${name}`, type: j % 2 ? 'A' : 'TXT' });
  for (const type of ['NS', 'SOA', 'MX', 'A']) questions.push({ name, type });
  push(`chain0.${name}`, 'CNAME', `chain1.${name}.`);
  push(`chain1.${name}`, 'CNAME', `chain0.${leafName(k + 1)}x.`);
  push(`last.${name}`, 'CNAME', `nx0.${leafName(k + 3)}.`);
  push(`loop.${name}`, 'CNAME', `pool.${name}.`);
  push(`pool.${name}`, 'CNAME', `loop.${name}.`);
  for (const label of ['chain0', 'last', 'loop']) questions.push({ name: `${label}.${name}`, type: 'A' });
  if (!isUniform) return;
  push(`*.wild.${name}`, 'A', `10.${k}.255.1`);
  for (const side of ['left', 'right']) push(`*.wild.${name}`, 'TXT', `"${`${side} `.repeat(30).trim()}"`);
  push(`deep.er.empty.${name}`, 'A', `10.${k}.255.2`);
  push(`dname.${name}`, 'DNAME', `${leafName(k + 1)}.`);
  for (let j = 0; j < 40; j++) push(`many.${name}`, 'A', `10.${k}.254.${j}`);
  for (let j = 0; j < 12; j++) push(`big.${name}`, 'TXT', `"${`${j} `.repeat(40)}"`);
  for (const label of ['one.wild', 'two.wild', 'er.empty', 'h0.dname', 'h1.dname', 'many']) {
    questions.push({ name: `${label}.${name}`, type: 'A' });
  }
  questions.push({ name: `big.${name}`, type: 'TXT' });
}

function addReverse(reverse: Zone, servedBy: Zone[], questions: World['questions']): void {
  const ten = zone('10.in-addr.arpa', 'tinydns.hosting.alpha', false);
  const ns = delegation(ten.name, ['tinydns.hosting.alpha'], []);
  reverse.records.push(...ns);
  ten.records.push(...ns);
  for (let k = 0; k < 100; k++) {
    const owner = `1.${k % 10}.${k}.10.in-addr.arpa`;
    ten.records.push({ owner, ttl: TTL, type: 'PTR', data: `h${k % 10}.${leafName(k)}.` });
    questions.push({ name: owner, type: 'PTR' });
  }
  servedBy.push(ten);
}

/** Zone `FAULT.TLD` has a good server and a bad one; `only-FAULT.TLD`, for hopeless faults, two times the bad one. */
function addFaulty(
  prefix: string,
  fault: Fault,
  leafAddress: (software: Software) => string,
  leaves: Map<Software, Zone[]>,
  parentOf: (name: string) => Zone,
  questions: World['questions'],
): void {
  const i = FAULTS.indexOf(fault);
  const software = SOFTWARE[i % 4]!;
  const bad = faultAddress(prefix, fault);
  const name = `${fault}.${TLDS[i % 4]}`;
  const leaf = zone(name, `good.${name}`, false);
  const ns = delegation(name, [`bad.${name}`, `good.${name}`], [bad, leafAddress(software)]);
  parentOf(name).records.push(...ns);
  leaf.records.push(...ns);
  for (let j = 0; j < 10; j++) {
    leaf.records.push(a(`h${j}.${name}`, `10.201.${i}.${j}`));
    questions.push({ name: `h${j}.${name}`, type: 'A' }, { name: `nx${j}.${name}`, type: 'A' });
  }
  leaves.get(software)!.push(leaf);
  if (!HOPELESS.includes(fault)) return;
  const only = `only-${name}`;
  parentOf(name).records.push(...delegation(only, [`bad1.${only}`], [bad]));
  for (let j = 0; j < 3; j++) questions.push({ name: `h${j}.${only}`, type: 'A' });
}
