// A line of a server's log taken apart: the time before it here, what follows by the file that also makes such lines,
// qlog.ts, cachelog.ts or tcplog.ts; what any program says here as well. What is none of these is kept as it is.
import { formatIp6 } from '../base/address.ts';
import { type Moment, scanTai64n } from '../base/tai.ts';
import { scanCacheLine } from './cachelog.ts';
import type { Entry, Fields } from './entry.ts';
import { scanPacketLine } from './qlog.ts';
import { scanConnectionLine } from './tcplog.ts';

const LOCAL_TIME = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{9})(?: |$)/;
/** The last second that a Date can hold. */
const TIME_MAX = 8.64e12;

/** Takes a line apart, Latin-1 without its newline; never fails. */
export function scanLine(line: string): Entry {
  const { time, text } = splitTime(line);
  const fields = scanPacketLine(text) ?? scanCacheLine(text) ?? scanConnectionLine(text) ?? scanCommonLine(text);
  const entry = (fields ?? { event: 'other' }) as Entry;
  entry.text = text;
  if (time) entry.time = time;
  return entry;
}

function splitTime(line: string): { time?: Moment; text: string } {
  const first = line.charCodeAt(0);
  if (first === 64) {
    const time = scanTai64n(line);
    const after = line.charAt(25);
    if (time && Math.abs(time.unixSeconds) <= TIME_MAX && (after === ' ' || after === ''))
      return { time, text: line.slice(26) };
  } else if (first >= 48 && first <= 57) {
    const match = LOCAL_TIME.exec(line);
    if (match) {
      const numbers = match.slice(1).map(Number) as [number, number, number, number, number, number, number];
      const [year, month, day, hour, minute, second, nanoseconds] = numbers;
      const unixSeconds = new Date(year, month - 1, day, hour, minute, second).getTime() / 1000;
      return { time: { unixSeconds, nanoseconds }, text: line.slice(match[0].length) };
    }
  }
  return { text: line };
}

const TROUBLE = /^([a-z0-9-]+): (fatal|warning): (.*)$/;
const STARTING = /^starting(?: ([a-z0-9-]+))?$/;

/** The lines of no service in particular; dnscache's `starting` names no program. */
function scanCommonLine(text: string): Fields | undefined {
  const starting = STARTING.exec(text);
  if (starting) return { event: 'starting', program: starting[1] ?? 'dnscache' };
  const trouble = TROUBLE.exec(text);
  return trouble ? { event: trouble[2]!, program: trouble[1]!, error: trouble[3]! } : undefined;
}

/** The address that a name below in-addr.arpa or ip6.arpa stands for, or undefined. */
export function reversedAddress(name: string): string | undefined {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa\.?$/.exec(name);
  if (four) return four.slice(1).reverse().join('.');
  const six = /^((?:[0-9a-f]\.){32})ip6\.arpa\.?$/.exec(name)?.[1];
  return six && formatIp6(Buffer.from([...six.replaceAll('.', '')].reverse().join(''), 'hex'));
}
