// dnscache's start. Counterpart: main() in dnscache.c. The environment is read, and what is wrong is fatal, in the
// original's order and words. What follows is in dnscache-udp.ts and dnscache-tcp.ts.

import { readSync } from 'node:fs';
import { Fatal, orFatal } from '../base/errors.ts';
import { wholeDecimal } from '../base/text.ts';
import { CacheLog } from '../log/cachelog.ts';
import { Cache } from '../resolve/cache.ts';
import { Failures } from '../resolve/failures.ts';
import { Response } from '../resolve/response.ts';
import { ResponseWriter } from '../resolve/response-writer.ts';
import { RoundTrips } from '../resolve/round-trips.ts';
import { UDP_MAX } from '../wire/constants.ts';
import { ROOT } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { CacheCore } from './dnscache-core.ts';
import { CacheOverTcp } from './dnscache-tcp.ts';
import { CacheOverUdp, RECEIVE_MAX } from './dnscache-udp.ts';
import { dropRoot } from './droproot.ts';
import { ednsFromEnvironment, PAYLOAD_MAX } from './edns.ts';
import { isSet, required, requiredText } from './env.ts';
import { announcer, endGently, endsGently, listenTcp, listenUdp, localEndpoints, sendFrom } from './listen.ts';
import { readRoots } from './servers-directory.ts';

const RECEIVE_BUFFER = 131072;
const SEED_MAX = 128;
/** A cache of fewer octets cannot hold the few names that one question needs. */
const CACHE_MIN = 2000;
/** Seconds that clients wait where `$QUERYTIME` does not say: a little less than most of them do. */
const QUERY_SECONDS = 12;
const QUERY_SECONDS_MAX = 3600;

/** Starts dnscache as the environment says; it then runs until it is killed. */
export async function dnscache(): Promise<void> {
  const edns = ednsFromEnvironment();
  const sockets = await listenUdp({
    receiveMax: Math.max(RECEIVE_MAX, edns.payload + 1),
    receiveBuffer: RECEIVE_BUFFER,
  });
  const listeners = await listenTcp();
  const ready = announcer();
  dropRoot();
  readSeed();
  const source = sendFrom();
  const families = [...(source.ip4 ? [TYPE.A] : []), ...(source.ip6 ? [TYPE.AAAA] : [])];
  const cache = makeCache();
  const hideTtl = isSet('HIDETTL');
  const forwardOnly = isSet('FORWARDONLY');
  const patience = 1000 * querySeconds();
  const roots = orFatal('unable to read servers', () => readRoots('servers', families));
  if (roots.serversOf(ROOT)?.length === 0) throw new Fatal('unable to read servers/@: no address of a server');
  const parts = {
    cache,
    roots,
    failures: new Failures(),
    roundTrips: new RoundTrips(),
    writer: new ResponseWriter(hideTtl),
    response: new Response(),
    forwardOnly,
    families,
    knowsIp6: source.ip6 !== undefined || localEndpoints().some(({ ip }) => ip.length === 16),
    edns,
    ednsPayload: upstreamPayload(),
  };
  const count = { queries: 0 };
  const counts = () => ({
    queries: count.queries,
    motion: cache.motion,
    udpActive: udp.active,
    tcpActive: tcp.active,
  });
  const log = new CacheLog(counts, isSet('TAI64N'));
  const core = new CacheCore(parts, log, { source, patience, count, logsRefused: isSet('LOGREFUSED') });
  process.on('exit', () => log.flush());
  log.starting();
  log.flush();
  const tcp = new CacheOverTcp(core, listeners);
  const udp = new CacheOverUdp(core, sockets);
  ready();
  if (endsGently()) endGently({ sockets, listeners, isBusy: () => udp.active > 0 || tcp.active > 0 });
}

/**
 * What the original seeds its generator with. It is read, so that whoever writes it is not left waiting, and ignored.
 */
function readSeed(): void {
  try {
    readSync(0, new Uint8Array(SEED_MAX));
  } catch {
    // no seed is as good
  }
}

function makeCache(): Cache {
  const size = wholeDecimal(required('CACHESIZE'));
  if (size < CACHE_MIN) throw new Fatal('unable to parse $CACHESIZE');
  try {
    return new Cache(size);
  } catch {
    throw new Fatal(`not enough memory for cache of size ${requiredText('CACHESIZE')}`);
  }
}

/** `$EDNS`: octets that servers are offered; 0 where it is not set. */
function upstreamPayload(): number {
  if (!isSet('EDNS')) return 0;
  const payload = wholeDecimal(required('EDNS'));
  if (payload < UDP_MAX || payload > PAYLOAD_MAX) throw new Fatal('unable to parse $EDNS');
  return payload;
}

/** `$QUERYTIME`: seconds that a client waits for the word that nobody answers. */
function querySeconds(): number {
  if (!isSet('QUERYTIME')) return QUERY_SECONDS;
  const seconds = wholeDecimal(required('QUERYTIME'));
  if (seconds < 1 || seconds > QUERY_SECONDS_MAX) throw new Fatal('unable to parse $QUERYTIME');
  return seconds;
}
