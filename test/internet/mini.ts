// A small internet of scripted servers for attacks: a root, the TLDs `good` and `evil`, the zone victim.good. Every
// server counts and remembers what it was asked, so that a test sees whom a resolver believed. The attacker owns the
// server of `evil` and can make it say anything.
import { after, before } from 'node:test';
import { needs, temporaryDirectory } from '../support/programs.ts';
import { type Query, ScriptedServer, ScriptedZone } from '../support/scripted.ts';
import { type Resolver, type ResolverOptions, startCDnscache, startDnscache } from './resolvers.ts';

/** The data that only an attacker sends. */
export const POISON = '6.6.6.6';
/** The address of every name in victim.good that begins with `v`, and of www.victim.good. */
export const TRUTH = '192.0.2.80';

export class MiniInternet {
  readonly root: ScriptedServer;
  readonly good: ScriptedServer;
  readonly victim: ScriptedServer;
  readonly evil: ScriptedServer;
  readonly rootZone: ScriptedZone;
  readonly goodZone: ScriptedZone;
  readonly victimZone: ScriptedZone;
  readonly evilZone: ScriptedZone;
  readonly prefix: string;
  /** Everything that the attacker's server was asked. */
  readonly askedOfEvil: Query[] = [];

  constructor(prefix: string) {
    this.prefix = prefix;
    const soa = (zone: string): string => `${zone || '.'} 300 SOA ns.root hostmaster.root 1 3600 900 604800 60`;
    const at = (i: number): string => `${prefix}.${i}`;
    const victim = ['victim.good 3600 NS ns.victim.good', `ns.victim.good 3600 A ${at(3)}`];
    const tlds = ['good 3600 NS ns.good', `ns.good 3600 A ${at(2)}`, 'evil 3600 NS ns.evil', `ns.evil 3600 A ${at(4)}`];
    const root = ['. 3600 NS a.root', `a.root 3600 A ${at(1)}`];
    this.rootZone = new ScriptedZone('', [soa(''), ...root, ...tlds]);
    this.goodZone = new ScriptedZone('good', [soa('good'), ...tlds.slice(0, 2), ...victim]);
    this.victimZone = new ScriptedZone('victim.good', [
      soa('victim.good'),
      ...victim,
      `www.victim.good 3600 A ${TRUTH}`,
    ]);
    this.evilZone = new ScriptedZone('evil', [soa('evil'), ...tlds.slice(2)]);
    this.root = new ScriptedServer(at(1), this.rootZone.script);
    this.good = new ScriptedServer(at(2), this.goodZone.script);
    this.victim = new ScriptedServer(at(3), (query, send) => {
      const isHost = query.name.startsWith('v') && query.name.endsWith('.victim.good') && query.type === 'A';
      if (isHost) this.victimZone.records = [...this.victimZone.records.slice(0, 4), `${query.name} 3600 A ${TRUTH}`];
      this.victimZone.script(query, send);
    });
    this.evil = new ScriptedServer(at(4), this.evilZone.script);
  }

  get servers(): ScriptedServer[] {
    return [this.root, this.good, this.victim, this.evil];
  }

  /** How many messages all its servers have got. */
  get queries(): number {
    return this.servers.reduce((sum, server) => sum + server.queries, 0);
  }

  /** Lets the attacker's server do something else. */
  attack(script: ScriptedServer['script']): void {
    this.evil.script = (query, send) => {
      this.askedOfEvil.push(query);
      script(query, send);
    };
  }
}

/** What the attack tests need from the system. */
export const MINI_PROGRAMS = ['root', 'dnscache'] as const;

/**
 * A mini internet on `prefix`, and resolvers on it: `fresh` starts our dnscache with an empty cache, or with `original`
 * Debian's C dnscache. To be called in a `describe`; everything ends with it.
 */
export function miniInternet(prefix: string): {
  internet: MiniInternet;
  fresh: (options?: ResolverOptions & { original?: boolean }) => Promise<Resolver>;
} {
  const internet = new MiniInternet(prefix);
  const resolvers: Resolver[] = [];
  let directory = '';
  before(async () => {
    directory = temporaryDirectory();
    for (const server of internet.servers) await server.listen();
  });
  after(async () => {
    for (const server of internet.servers) server.close();
    await Promise.all(resolvers.map((resolver) => resolver.stop()));
  });
  return {
    internet,
    async fresh(options = {}) {
      await Promise.all(resolvers.splice(0).map((resolver) => resolver.stop()));
      internet.evil.script = internet.evilZone.script;
      internet.askedOfEvil.length = 0;
      const start = options.original ? startCDnscache : startDnscache;
      const address = `${prefix}.${100 + startedCount++}`;
      const resolver = await start(address, [`${prefix}.1`], directory, options);
      resolvers.push(resolver);
      return resolver;
    },
  };
}

let startedCount = 0;

/** What `describe` takes as `skip`. */
export function skipMini(): false | string {
  return needs(...MINI_PROGRAMS);
}
