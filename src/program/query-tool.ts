// What dnsq and dnsqr share: their first two arguments, their options, and the response as text or as JSON.
// Counterpart: the mains of dnsq.c and dnsqr.c. The options are ours.
import { formatEndpoint } from '../base/endpoint.ts';
import { Fatal, UsageError } from '../base/errors.ts';
import { codeText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import type { Edns, StubQuestion } from '../stub/exchange.ts';
import * as FLAG from '../wire/flag.ts';
import { formatName, nameOf } from '../wire/name.ts';
import { formatPacket, type PrintStyle } from '../wire/print.ts';
import * as RCODE from '../wire/rcode.ts';
import { ANSWER, RecordCursor } from '../wire/record.ts';
import { scanAnyType, typeName } from '../wire/type.ts';
import { argText } from './args.ts';
import { type Asked, CHECK_OPTIONS, type ClientManner, mannerOf, noteCheck } from './lookup-tool.ts';
import type { Options, ProgramOption } from './main.ts';

/** What an OPT record says where nothing else is asked for: what fits a packet that no network cuts (RFC 9715). */
const EDNS_SIZE = 1232;

/** The options of both, for `run`. */
export const QUERY_OPTIONS: readonly ProgramOption[] = [
  ['--json', 'print the whole packet as a JSON object'],
  ['--typed', 'print records of all types by name and as text'],
  ['--edns [size]', `send an OPT record; take responses of up to size octets over UDP (${EDNS_SIZE})`],
  ['--do', 'send an OPT record that asks for DNSSEC records'],
  ['--tcp', 'ask over TCP at once'],
  ...CHECK_OPTIONS,
];

/** The type and the name at the beginning of the arguments. Throws UsageError, or Fatal for a name that is too long. */
export function questionOf(args: readonly string[]): StubQuestion {
  const type = args[0] === undefined ? -1 : scanAnyType(args[0]);
  if (type < 0 || args[1] === undefined) throw new UsageError();
  const name = nameOf(argText(args, 1));
  if (!name) throw new Fatal('unable to parse: protocol error');
  return { type, name };
}

/** How the options want the question to be asked. Throws UsageError. */
export function queryMannerOf(options: Options): ClientManner {
  return { ...mannerOf(options), overTcp: Boolean(options['tcp']), edns: ednsOf(options) };
}

function ednsOf(options: Options): Edns | undefined {
  const { edns, do: dnssecOk } = options;
  if (edns === undefined && !dnssecOk) return undefined;
  const size = typeof edns === 'string' && edns !== '' ? scanSize(edns) : EDNS_SIZE;
  return { size, dnssecOk: Boolean(dnssecOk) };
}

function scanSize(text: string): number {
  const size = /^[0-9]{3,5}$/.test(text) ? Number(text) : 0;
  if (size < 512 || size > 65535) throw new UsageError(`--edns takes a size of 512 to 65535 octets, not ${text}`);
  return size;
}

/** Prints question and response as the options say, and sets the exit code where they ask for a check. */
export async function report(question: StubQuestion, asked: Asked, options: Options): Promise<void> {
  if (options['json']) await printJson(question, asked);
  else printText(question, asked, options['typed'] ? 'typed' : 'plain');
  if (options['check']) noteCheck(asked.reply && isAnswer(asked.reply) ? 'found' : asked.reply ? 'none' : 'failed');
}

/** True for NOERROR with an answer. */
function isAnswer(response: Uint8Array): boolean {
  const cursor = new RecordCursor();
  cursor.start(response);
  return (cursor.flags & FLAG.RCODE) === RCODE.NOERROR && cursor.count(ANSWER) > 0;
}

/** The question and the response, or why there is none, as the original prints it. Fatal when it does not parse. */
function printText({ type, name }: StubQuestion, { reply, error }: Asked, style: PrintStyle): void {
  const packet = reply ? formatPacket(reply, style) : `${codeText(error)}\n`;
  if (packet === undefined) throw new Fatal('unable to parse: protocol error');
  stdout.putText(`${type} ${formatName(name)}:\n${packet}`);
}

/** The same as one line of JSON: `error` is there instead of the packet when there was no response. */
async function printJson({ type, name }: StubQuestion, asked: Asked): Promise<void> {
  const { packetObject } = await import('../wire/json.ts'); // it and its tables are not needed otherwise
  const { reply, error, server, milliseconds } = asked;
  const head = { name: formatName(name), type: typeName(type), milliseconds };
  if (!reply) return stdout.putText(`${JSON.stringify({ ...head, error: codeText(error) })}\n`);
  const packet = packetObject(reply);
  if (!packet) throw new Fatal('unable to parse: protocol error');
  stdout.putText(`${JSON.stringify({ ...head, server: server && formatEndpoint(server), ...packet })}\n`);
}
