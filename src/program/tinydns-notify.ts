// The body of tinydns-notify: whom to tell that a zone has changed, telling them, and who has heard it.

import type { Endpoint } from '../base/endpoint.ts';
import { formatEndpoint, scanEndpoints } from '../base/endpoint.ts';
import { Fatal, UsageError } from '../base/errors.ts';
import { MappedFile } from '../base/mapped-file.ts';
import { codeText, errorText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import { random16 } from '../base/random.ts';
import { taiOfUnix } from '../base/tai.ts';
import { composeNotify, NOTIFY_WAITS, notifyRcode, verdictOf } from '../transfer/notify.ts';
import { secondariesOf } from '../transfer/secondaries.ts';
import { askUdp } from '../transport/ask-udp.ts';
import { formatName, lowerName, nameOf } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { argBytes, argText } from './args.ts';
import { addressesOf, orUnable, serversOf } from './lookup-tool.ts';

/** A server to tell, and what to call it. */
interface Target {
  readonly server: Endpoint;
  readonly label: string;
}

/** The whole program. `source` is the text of `-s`. */
export async function tinydnsNotify(args: readonly string[], source: string | undefined): Promise<void> {
  if (args.length < 1) throw new UsageError();
  const zone = nameOf(argBytes(args, 0));
  if (!zone) throw new Fatal(`unable to parse zone ${argText(args, 0)}`);
  const from = source === undefined ? undefined : sourceOf(source);
  const targets = args.length > 1 ? await given(args) : await inZone(lowerName(zone));
  const outcomes = await Promise.all(targets.map((target) => tell(zone, target, from)));
  const deaf = outcomes.filter((heard) => !heard).length;
  if (deaf > 0) throw new Fatal(`${deaf} of ${targets.length} did not acknowledge`);
}

/** Tells one server; prints what it says as soon as it does. */
async function tell(zone: Uint8Array, { server, label }: Target, from: Endpoint | undefined): Promise<boolean> {
  const id = random16();
  const outcome = await askUdp(composeNotify(zone, id), server, from, NOTIFY_WAITS, (answer) => {
    const rcode = notifyRcode(answer, id);
    return rcode < 0 ? undefined : rcode;
  });
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
  const file = new MappedFile('data.cdb');
  const db = file.current();
  if (!db) throw new Fatal(`unable to read data.cdb: ${errorText(file.error)}`);
  const now = taiOfUnix(Math.floor(Date.now() / 1000), { hi: 0, lo: 0 });
  const outcome = secondariesOf(db, zone, now);
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

/** The address, and the port where one is given, to send from. */
function sourceOf(text: string): Endpoint {
  const { endpoints, length } = scanEndpoints(Buffer.from(text, 'latin1'), 1);
  const [endpoint] = endpoints;
  if (!endpoint || length !== text.length) throw new Fatal(`unable to parse IP address ${text}`);
  return { ip: endpoint.ip, port: /^\[.*\]:|^[^:]*:[0-9]+$/.test(text) ? endpoint.port : 0 };
}
