// The body of tinydns-notify: whom to tell that a zone has changed, telling them, and who has heard it.

import { basename } from 'node:path';
import { bytesOf, textOf } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { formatEndpoint, scanEndpoints } from '../base/endpoint.ts';
import { Fatal, orFatal, UsageError } from '../base/errors.ts';
import { readIfExists } from '../base/files.ts';
import { LineReader } from '../base/lines.ts';
import { MappedFile } from '../base/mapped-file.ts';
import { codeText, errorText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import { random16 } from '../base/random.ts';
import { taiNow, unixNow } from '../base/tai.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { scanPrimaries } from '../data/primaries.ts';
import { findSoa, type ZoneSoa } from '../transfer/axfr.ts';
import { composeNotify, NOTIFY_WAITS, notifyRcode, verdictOf } from '../transfer/notify.ts';
import { secondariesOf } from '../transfer/secondaries.ts';
import { TsigChain } from '../transfer/tsig.ts';
import type { TsigKey } from '../transfer/tsig-record.ts';
import { askUdp } from '../transport/ask-udp.ts';
import { formatName, lowerName, nameOf } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { argBytes, argText } from './args.ts';
import { readKey, readKeyFile } from './getd-config.ts';
import { addressesOf, orUnable, serversOf } from './lookup-tool.ts';

/** A server to tell, and what to call it. */
interface Target {
  readonly server: Endpoint;
  readonly label: string;
  /** Signs what it is told. */
  readonly key?: TsigKey | undefined;
}

/** What is the same for all messages of a run. */
interface Manner {
  readonly from: Endpoint | undefined;
  /** Signs what is told to servers that have no key of their own. */
  readonly key: TsigKey | undefined;
}

/** The whole program. `source` is the text of `-s`, `keyFile` that of `-k`. */
export async function tinydnsNotify(
  args: readonly string[],
  source: string | undefined,
  keyFile: string | undefined,
): Promise<void> {
  if (args.length < 1) throw new UsageError();
  const key = keyFile === undefined ? undefined : readKeyFile(keyFile, basename(keyFile));
  if (keyFile !== undefined && !key) throw new Fatal(`unable to read a key from ${keyFile}`);
  const manner: Manner = { from: source === undefined ? undefined : sourceOf(source), key };
  if (args[0] === '-') return tellAll(manner);
  const zone = nameOf(argBytes(args, 0));
  if (!zone) throw new Fatal(`unable to parse zone ${argText(args, 0)}`);
  const targets = args.length > 1 ? await given(args) : await inZone(lowerName(zone));
  const outcomes = await Promise.all(targets.map((target) => tell(zone, target, manner)));
  const deaf = outcomes.filter((heard) => !heard).length;
  if (deaf > 0) throw new Fatal(`${deaf} of ${targets.length} did not acknowledge`);
}

/** Messages that may wait for an answer at a time. */
const AT_ONCE = 100;

/** Tells the secondaries of all zones that lines on standard input begin with. */
async function tellAll(manner: Manner): Promise<void> {
  const lines = new LineReader(0, 'unable to read standard input', 65536);
  const jobs: { zone: Uint8Array; text: string; soa: ZoneSoa | undefined; target: Target }[] = [];
  while (lines.next()) {
    const text = textOf(lines.bytes, lines.from, lines.to).trim().split(/\s/)[0] ?? '';
    if (text === '') continue;
    const zone = nameOf(text);
    if (!zone) throw new Fatal(`unable to parse zone ${text}`);
    const soa = soaOf(lowerName(zone));
    for (const target of await targetsOf(lowerName(zone))) jobs.push({ zone, text, soa, target });
  }
  let deaf = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let job = jobs[next++]; job; job = jobs[next++]) {
      const target = { ...job.target, label: `${job.text} ${job.target.label}` };
      if (!(await tell(job.zone, target, manner, job.soa))) deaf++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, jobs.length) }, work));
  if (deaf > 0) throw new Fatal(`${deaf} of ${jobs.length} did not acknowledge`);
}

/** Whom the nearest file in notify/ names; without one, the name servers in data.cdb, of whom there may be none. */
async function targetsOf(zone: Uint8Array): Promise<readonly Target[]> {
  for (let at = 0; ; at += zone[at]! + 1) {
    const file = zone[at] === 0 ? '@' : formatName(zone, at);
    const content = orFatal(`unable to read notify/${file}`, () => readIfExists(`notify/${file}`));
    if (content) return listed(file, content);
    if (zone[at] === 0) break;
  }
  const outcome = secondariesOf(readData(), zone, taiNow());
  if ('secondaries' in outcome && outcome.secondaries.length === 0) return [];
  return inZone(zone);
}

function listed(file: string, content: Uint8Array): Target[] {
  const scanned = scanPrimaries(content, () => true, true);
  if ('badLine' in scanned) throw new Fatal(`unable to parse notify/${file} line ${scanned.badLine}`);
  return scanned.primaries.map(({ ip, port, key }) => {
    const own = key === undefined ? undefined : readKey(key);
    if (key !== undefined && !own) throw new Fatal(`unable to read a key from tsig/${key}`);
    return { server: { ip, port }, label: formatEndpoint({ ip, port }), key: own };
  });
}

/** The zone's SOA in data.cdb, if it is there. */
function soaOf(zone: Uint8Array): ZoneSoa | undefined {
  const db = new MappedFile('data.cdb').current();
  const found = db && findSoa(new CdbCursor(), db, zone, 0, taiNow());
  return found && 'soa' in found ? found.soa : undefined;
}

/** Tells one server; prints what it says as soon as it does. */
async function tell(zone: Uint8Array, target: Target, manner: Manner, soa?: ZoneSoa): Promise<boolean> {
  const { server, label } = target;
  const id = random16();
  const key = target.key ?? manner.key;
  const chain = key && new TsigChain(key);
  const message = composeNotify(zone, id, soa);
  const outcome = await askUdp(
    chain ? signed(chain, message) : message,
    server,
    manner.from,
    NOTIFY_WAITS,
    (answer) => {
      const rcode = notifyRcode(answer, id);
      return rcode < 0 ? undefined : rcode;
    },
  );
  stdout.putText(`${label} ${'answer' in outcome ? verdictOf(outcome.answer) : codeText(outcome.code)}\n`);
  stdout.flush();
  return 'answer' in outcome && outcome.answer === RCODE.NOERROR;
}

/** The servers that the arguments name. */
async function given(args: readonly string[]): Promise<Target[]> {
  const targets: Target[] = [];
  for (let i = 1; i < args.length; i++) {
    const text = argText(args, i);
    const servers = await orUnable(`unable to find IP address for ${text}`, serversOf(text));
    if (servers.length === 0) throw new Fatal(`unable to find IP address for ${text}`);
    for (const server of servers) targets.push({ server, label: formatEndpoint(server) });
  }
  return targets;
}

/** The zone's name servers in data.cdb except the primary that its SOA names, with all their addresses. */
async function inZone(zone: Uint8Array): Promise<Target[]> {
  const outcome = secondariesOf(readData(), zone, taiNow());
  if ('problem' in outcome) {
    const isAbsent = outcome.problem === 'absent';
    throw new Fatal(isAbsent ? 'unable to locate information in data.cdb' : 'unable to read data.cdb: protocol error');
  }
  const targets: Target[] = [];
  for (const { name, addresses } of outcome.secondaries) {
    const text = formatName(name);
    const found =
      addresses.length > 0 ? addresses : await orUnable(`unable to find IP address for ${text}`, addressesOf(text));
    if (found.length === 0) throw new Fatal(`unable to find IP address for ${text}`);
    for (const ip of found)
      targets.push({ server: { ip, port: 53 }, label: `${text} ${formatEndpoint({ ip, port: 53 })}` });
  }
  if (targets.length === 0) throw new Fatal(`${formatName(zone)} has no name servers but the primary`);
  return targets;
}

function readData(): Uint8Array {
  const file = new MappedFile('data.cdb');
  const db = file.current();
  if (!db) throw new Fatal(`unable to read data.cdb: ${errorText(file.error)}`);
  return db;
}

/** The message with its TSIG record. */
function signed(chain: TsigChain, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(message.length + chain.room);
  bytes.set(message);
  return bytes.slice(0, chain.sign(bytes, 0, message.length, unixNow()));
}

/** The address, and the port where one is given, to send from. */
function sourceOf(text: string): Endpoint {
  const { endpoints, length } = scanEndpoints(bytesOf(text), 1);
  const [endpoint] = endpoints;
  if (!endpoint || length !== text.length) throw new Fatal(`unable to parse IP address ${text}`);
  return { ip: endpoint.ip, port: /^\[.*\]:|^[^:]*:[0-9]+$/.test(text) ? endpoint.port : 0 };
}
