// What dnsq and dnsqr share: their first two arguments, and the reply as text or as JSON. Counterpart: the mains of
// dnsq.c and dnsqr.c.
import { formatEndpoint } from '../base/endpoint.ts';
import { Fatal, UsageError } from '../base/errors.ts';
import { codeText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import type { StubQuestion } from '../stub/exchange.ts';
import { formatName, nameOf } from '../wire/name.ts';
import { formatPacket } from '../wire/print.ts';
import { scanAnyType, typeName } from '../wire/type.ts';
import { argText } from './args.ts';
import type { Asked } from './lookup-tool.ts';

/** The type and the name at the beginning of the arguments. Throws UsageError, or Fatal for a name that is too long. */
export function questionOf(args: readonly string[]): StubQuestion {
  const type = args[0] === undefined ? -1 : scanAnyType(args[0]);
  if (type < 0 || args[1] === undefined) throw new UsageError();
  const name = nameOf(argText(args, 1));
  if (!name) throw new Fatal('unable to parse: protocol error');
  return { type, name };
}

/** Prints the question and the reply, or why there is none, as the original does. Fatal when it does not parse. */
export function printReply({ type, name }: StubQuestion, { reply, error }: Asked): void {
  const packet = reply ? formatPacket(reply) : `${codeText(error)}\n`;
  if (packet === undefined) throw new Fatal('unable to parse: protocol error');
  stdout.putText(`${type} ${formatName(name)}:\n${packet}`);
}

/** Prints the same as one line of JSON: `error` is there instead of the packet when there was no reply. */
export async function printJson({ type, name }: StubQuestion, asked: Asked): Promise<void> {
  const { packetObject } = await import('../wire/json.ts'); // it and its tables are not needed otherwise
  const { reply, error, server, milliseconds } = asked;
  const head = { name: formatName(name), type: typeName(type), milliseconds };
  if (!reply) return stdout.putText(`${JSON.stringify({ ...head, error: codeText(error) })}\n`);
  const packet = packetObject(reply);
  if (!packet) throw new Fatal('unable to parse: protocol error');
  stdout.putText(`${JSON.stringify({ ...head, server: server && formatEndpoint(server), ...packet })}\n`);
}

/** The option of both, for `run`. */
export const JSON_OPTION = ['--json', 'print the whole packet as a JSON object'] as const;
