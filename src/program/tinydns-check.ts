// The body of tinydns-check: reads data or a data.cdb and says what compiles but does not work. There is no counterpart
// in djbdns 1.05. Lines are compiled as tinydns-data compiles them, a record in hand instead of in a file.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { bytesOf, textOf, unpack32 } from '../base/bytes.ts';
import { type Endpoint, formatEndpoint } from '../base/endpoint.ts';
import { Fatal, orFatal, UsageError } from '../base/errors.ts';
import { pathBytes } from '../base/files.ts';
import { LineReader } from '../base/lines.ts';
import { codeText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import { COLOURED, type Paint, PLAIN } from '../base/paint.ts';
import { CdbFileScan } from '../cdb/file-scan.ts';
import { BadLine } from '../data/bad-line.ts';
import type { Finding, Report } from '../data/check.ts';
import { LineChecker } from '../data/check-line.ts';
import { checkZones } from '../data/check-zone.ts';
import { trimmedEnd } from '../data/fields.ts';
import { VALUE_MAX } from '../data/record.ts';
import { TinydnsCompiler } from '../data/tinydns-text.ts';
import { formatKey, type StoredRecord, ZoneData } from '../data/zone-data.ts';
import { NAME_MAX } from '../wire/name.ts';
import { ANSWER, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import { argText } from './args.ts';
import { askServers, orUnable, serversOf } from './lookup-tool.ts';
import { isTerminal, type Options, type ProgramOption } from './main.ts';

export const CHECK_FILE_OPTIONS: readonly ProgramOption[] = [
  ['--json', 'print each finding as a JSON object on a line of its own'],
  ['--against <server>', 'also ask this server for its serials, which must not be greater'],
];

/** Seconds to wait for a serial. */
const SERIAL_SECONDS = 10;
/** After mname and rname of an SOA record come five numbers; the serial is the first. */
const SOA_NUMBERS = 20;

/** Runs tinydns-check with its arguments. The exit code is 1 where there are findings. */
export async function tinydnsCheck(args: readonly string[], options: Options): Promise<void> {
  if (args.length > 1) throw new UsageError();
  const path = args.length > 0 ? argText(args, 0) : 'data';
  const findings: Finding[] = [];
  const report: Report = (line, name, kind, message) => findings.push({ line, name, kind, message });
  const zones = new ZoneData();
  if (path.endsWith('.cdb')) readCdb(path, zones);
  else readLines(path, zones, report);
  checkZones(zones, report);
  if (options['against']) await compareSerials(String(options['against']), zones, report);
  findings.sort((a, b) => a.line - b.line);
  const paint = isTerminal(1) && !process.env['NO_COLOR'] ? COLOURED : PLAIN;
  for (const finding of findings) {
    stdout.putText(options['json'] ? formatJson(path, finding) : formatFinding(path, finding, paint));
  }
  if (findings.length > 0) process.exitCode = 1;
}

function readLines(path: string, zones: ZoneData, report: Report): void {
  const fd = orFatal(`unable to open ${path}`, () => openSync(pathBytes(path), 'r'));
  const lines = new LineReader(fd, `unable to read ${path}`);
  const checker = new LineChecker(report);
  let number = 0;
  let letter = '';
  const mtime = Math.floor(fstatSync(fd).mtimeMs / 1000);
  const sink = {
    add(key: Uint8Array, data: Uint8Array, keyLength = key.length, dataLength = data.length): void {
      zones.add(key.subarray(0, keyLength), data.subarray(0, dataLength), number, letter);
    },
  };
  const compiler = new TinydnsCompiler(sink, mtime);
  while (lines.next()) {
    number++;
    const end = trimmedEnd(lines.bytes, lines.from, lines.to);
    if (end === lines.from) continue;
    letter = String.fromCharCode(lines.bytes[lines.from]!);
    try {
      compiler.line(lines.bytes, lines.from, end);
    } catch (error) {
      if (!(error instanceof BadLine || error instanceof Fatal)) throw error;
      const reason = error instanceof BadLine ? error.message : 'a name is too long, or a number is missing';
      const [name = ''] = textOf(lines.bytes, lines.from + 1, end).split(':');
      report(number, name, 'line', `tinydns-data refuses this line: ${reason}`);
      continue;
    }
    checker.check(number, lines.bytes, lines.from, end);
  }
  checker.end();
  closeSync(fd);
}

function readCdb(path: string, zones: ZoneData): void {
  const fd = orFatal(`unable to open ${path}`, () => openSync(pathBytes(path), 'r'));
  const scan = new CdbFileScan(
    (into, at, length, position) => readSync(fd, into, at, length, position),
    NAME_MAX,
    VALUE_MAX,
  );
  orFatal(`unable to read ${path}`, () => {
    while (scan.next()) {
      const key = scan.bytes.subarray(scan.keyPos, scan.keyPos + scan.keyLength);
      zones.add(key, scan.bytes.subarray(scan.dataPos, scan.dataPos + scan.dataLength));
    }
  });
  if (scan.failed) throw new Fatal(`unable to read ${path}: protocol error`);
  closeSync(fd);
}

/** A serial that is less than the server's would never reach its secondaries (RFC 1982). */
async function compareSerials(server: string, zones: ZoneData, report: Report): Promise<void> {
  const servers = await orUnable(`unable to find ${server}`, serversOf(server));
  const seen = new Set<string>();
  for (const record of zones.records) {
    if (record.type !== TYPE.SOA || record.data.length < SOA_NUMBERS || seen.has(record.owner)) continue;
    seen.add(record.owner);
    const name = formatKey(record.owner);
    const ours = serialOf(record);
    const theirs = await serialAt(bytesOf(record.owner), servers);
    if (typeof theirs === 'string') report(record.line, name, 'serial', `no serial from ${server}: ${theirs}`);
    else if (((ours - theirs) | 0) < 0) {
      report(record.line, name, 'serial', `serial ${ours} goes back: ${server} has ${theirs}`);
    }
  }
}

function serialOf({ data }: StoredRecord): number {
  return unpack32(data, data.length - SOA_NUMBERS);
}

/** The serial of the zone as the servers have it, or why there is none. */
async function serialAt(name: Uint8Array, servers: readonly Endpoint[]): Promise<number | string> {
  const asked = await askServers({ name, type: TYPE.SOA }, servers, { timeout: SERIAL_SECONDS });
  if (!asked.reply) return codeText(asked.error);
  const cursor = new RecordCursor();
  cursor.start(asked.reply);
  while (cursor.next() && cursor.section === ANSWER) {
    if (cursor.type === TYPE.SOA) return unpack32(asked.reply, cursor.dataEnd - SOA_NUMBERS);
  }
  return asked.server ? `no SOA at ${formatEndpoint(asked.server)}` : 'no SOA';
}

function formatFinding(path: string, { line, name, message }: Finding, paint: Paint): string {
  const place = line > 0 ? `${path}:${line}` : path;
  return `${paint('bold', place)}: ${name === '' ? '' : `${paint('cyan', name)}: `}${message}\n`;
}

function formatJson(file: string, { line, name, kind, message }: Finding): string {
  return `${JSON.stringify({ file, line: line > 0 ? line : undefined, name, kind, message })}\n`;
}
