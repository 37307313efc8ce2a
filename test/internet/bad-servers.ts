// The scripts of the bad servers of the private internet, one per fault. They know the zone data that their zone's good
// server has, so that a resolver that believes them is caught by a wrong answer, not by a missing one.
import {
  NXDOMAIN,
  type Query,
  REFUSED,
  type Reply,
  reply,
  type Script,
  ScriptedServer,
  SERVFAIL,
  TC,
} from '../support/scripted.ts';
import { FAULTS, type Fault, faultAddress } from './world.ts';

/** An answer that is in no zone: whoever returns it was poisoned. */
export const POISON = '6.6.6.6';

const FORMERR = 1;
const NOTIMP = 4;

const poisoned = (query: Query): Reply => ({ answer: [`${query.name} 86400 A ${POISON}`] });

/** What the good server would say: see `addFaulty`. */
function honest(fault: Fault, query: Query): Reply {
  const label = query.name.split('.')[0] ?? '';
  const host = /^h(\d)$/.exec(label)?.[1];
  const zone = query.name.split('.').slice(-2).join('.');
  const soa = [`${zone} 1800 SOA good.${zone} hostmaster.good.${zone} 1 3600 900 604800 1800`];
  if (host === undefined) return { rcode: label.startsWith('nx') ? NXDOMAIN : 0, authority: soa };
  if (query.type !== 'A') return { authority: soa };
  return { answer: [`${query.name} 7200 A 10.201.${FAULTS.indexOf(fault)}.${host}`] };
}

const SCRIPTS: Record<Fault, Script | undefined> = {
  dead: undefined,
  silent: () => {},
  lame: (query, send) => {
    const zone = query.name.split('.').slice(-2).join('.');
    send(reply(query, { flags: 0, authority: [`${zone} 7200 NS bad.${zone}`] }));
  },
  'lame-upward': (query, send) => send(reply(query, { flags: 0, authority: ['. 7200 NS a.root'] })),
  slow: (query, send) => {
    setTimeout(() => send(reply(query, honest('slow', query))), 250);
  },
  truncating: (query, send) => {
    if (query.overTcp) send(reply(query, honest('truncating', query)));
    else send(reply(query, { flags: TC, ...poisoned(query) }));
  },
  refusing: (query, send) => send(reply(query, { rcode: REFUSED })),
  failing: (query, send) => send(reply(query, { rcode: SERVFAIL })),
  formerr: (query, send) => send(reply(query, { rcode: FORMERR })),
  notimp: (query, send) => send(reply(query, { rcode: NOTIMP })),
  'wrong-id': (query, send) => send(reply({ ...query, id: query.id ^ 0x5555 }, poisoned(query))),
  'wrong-question': (query, send) => {
    const question = query.question.map((question) => ({ ...question, name: `x${question.name}` }));
    send(reply({ ...query, question }, poisoned(query)));
  },
  echo: (query, send) => send(query.raw),
  malformed: (query, send) => {
    const message = reply(query, poisoned(query));
    send(message.subarray(0, message.length - 3));
  },
  empty: (_query, send) => send(new Uint8Array(0)),
  oversize: (query, send) => {
    if (query.raw.readUInt16BE(10) > 0) return; // with EDNS it would not be oversize
    const filler = Array.from({ length: 8 }, (_, i) => `f${i}.${query.name} 60 TXT ${'x'.repeat(200)}`);
    send(reply(query, { ...poisoned(query), additional: filler, oversize: true }));
  },
  sideways: (query, send) => {
    const zone = query.name.split('.').slice(-2).join('.');
    const additional = [`ns.elsewhere.${zone} 7200 A ${POISON}`];
    send(reply(query, { flags: 0, authority: [`elsewhere.${zone} 7200 NS ns.elsewhere.${zone}`], additional }));
  },
  poisoning: (query, send) => {
    const authority = ['. 86400 NS ns.evil', 'alpha 86400 NS ns.evil', 'z0.alpha 86400 NS ns.evil'];
    const additional = ['h0.z0.alpha', 'ns.alpha', 'a.root', 'ns.evil', 'h1.z1.beta', 'ns1.z0.alpha'];
    const honestly = honest('poisoning', query);
    send(
      reply(query, {
        ...honestly,
        answer: [...(honestly.answer ?? []), `h0.z4.alpha 86400 A ${POISON}`],
        authority: [...(honestly.authority ?? []), ...authority],
        additional: additional.map((name) => `${name} 86400 A ${POISON}`),
      }),
    );
  },
};

/** Starts all of them; `close` each at the end. */
export async function startBadServers(prefix: string): Promise<ScriptedServer[]> {
  const servers: ScriptedServer[] = [];
  for (const fault of FAULTS) {
    const script = SCRIPTS[fault];
    if (script) servers.push(await new ScriptedServer(faultAddress(prefix, fault), script).listen());
  }
  return servers;
}
