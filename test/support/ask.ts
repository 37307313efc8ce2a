// Asking a resolver in bulk, as its clients do, and putting the answers into a form in which two resolvers' answers can
// be compared. Replies are decoded with dns-packet, which shares no code with the programs under test.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import dnsPacket from 'dns-packet';

export interface Question {
  name: string;
  /** As `A`, `NS`, ..., or `TYPE65`. */
  type: string;
}

/** A resolver's answer. */
export interface Answer {
  /** Undefined when no reply came in time. */
  rcode: number | undefined;
  /** Header flags without the rcode. */
  flags: number;
  /** The answer section: `owner type data`, names lowercased, in order. */
  records: string[];
  /** The TTL of each of `records`. */
  ttls: number[];
  /** Milliseconds from the first packet to the reply. */
  elapsed: number;
}

export interface AskOptions {
  /** Questions in flight at a time. */
  window?: number;
  /** Milliseconds until a question is given up. */
  timeout?: number;
  /** Milliseconds between repetitions of an unanswered question; none unless given. */
  retry?: number;
}

const NO_ANSWER: Answer = { rcode: undefined, flags: 0, records: [], ttls: [], elapsed: 0 };

/** Asks `server`, port 53, over UDP with RD set; the answers come in the order of the questions. */
export function askAll(server: string, questions: readonly Question[], options: AskOptions = {}): Promise<Answer[]> {
  const { window = 50, timeout = 5000, retry = 0 } = options;
  const socket = createSocket('udp4');
  const answers: Answer[] = questions.map(() => NO_ANSWER);
  /** Free IDs: an ID is not used again before its question is over. */
  const waiting = new Map<number, { index: number; since: number; sent: number }>();
  let next = 0;
  let id = Math.floor(Math.random() * 65536);
  return new Promise((resolve, reject) => {
    const transmit = (id: number, index: number): void => {
      socket.send(composeQuestion(id, questions[index]!), 53, server, () => {});
    };
    const fill = (): void => {
      while (waiting.size < window && next < questions.length) {
        do id = (id + 1) & 0xffff;
        while (waiting.has(id));
        const now = performance.now();
        waiting.set(id, { index: next, since: now, sent: now });
        transmit(id, next++);
      }
      if (waiting.size > 0) return;
      clearInterval(clock);
      socket.close();
      resolve(answers);
    };
    const clock = setInterval(() => {
      const now = performance.now();
      for (const [id, entry] of waiting) {
        if (now - entry.since > timeout) waiting.delete(id);
        else if (retry > 0 && now - entry.sent > retry) {
          entry.sent = now;
          transmit(id, entry.index);
        }
      }
      fill();
    }, 50);
    socket.on('message', (message, from) => {
      const entry = waiting.get(message.readUInt16BE(0));
      if (!entry || from.address !== server) return;
      waiting.delete(message.readUInt16BE(0));
      answers[entry.index] = { ...readAnswer(message), elapsed: performance.now() - entry.since };
      fill();
    });
    socket.on('error', reject);
    socket.bind(0, fill);
  });
}

/** One question over UDP. */
export async function ask(server: string, name: string, type = 'A', timeout = 5000): Promise<Answer> {
  const answers = await askAll(server, [{ name, type }], { timeout });
  return answers[0]!;
}

/** One question over TCP; no reply when the server closes. */
export function askTcp(server: string, question: Question, timeout = 5000): Promise<Answer> {
  return new Promise((resolve) => {
    const since = performance.now();
    const socket = connect(53, server);
    let received = Buffer.alloc(0);
    const end = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeout, () => end(NO_ANSWER));
    socket.on('error', () => end(NO_ANSWER));
    socket.on('close', () => resolve(NO_ANSWER));
    socket.on('connect', () => socket.write(withLength(composeQuestion(1, question))));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      end({ ...readAnswer(received.subarray(2)), elapsed: performance.now() - since });
    });
  });
}

/** A query message with RD. */
export function composeQuestion(id: number, { name, type }: Question): Buffer {
  const questions = [{ name, type: typeNumber(type) === undefined ? type : 'A', class: 'IN' }];
  const message = dnsPacket.encode({ id, type: 'query', flags: 0x0100, questions } as dnsPacket.Packet);
  const number = typeNumber(type);
  if (number !== undefined) message.writeUInt16BE(number, message.length - 4);
  return message;
}

function typeNumber(type: string): number | undefined {
  return type.startsWith('TYPE') ? Number(type.slice(4)) : undefined;
}

/** A message as it goes over TCP. */
export function withLength(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(message.length, 0);
  return Buffer.concat([prefix, message]);
}

function readAnswer(message: Buffer): Answer {
  const flags = message.readUInt16BE(2);
  const answer = {
    rcode: flags & 15,
    flags: flags & 0xfff0,
    records: [] as string[],
    ttls: [] as number[],
    elapsed: 0,
  };
  if (flags & 0x0200) message.writeUInt16BE(0, 6); // a truncated reply may announce records that it does not have
  for (const record of dnsPacket.decode(message).answers ?? []) {
    if (record.type === 'OPT') continue;
    const data = 'data' in record ? JSON.stringify(record.data, bytesAsText) : '';
    const isName = ['NS', 'CNAME', 'PTR', 'MX', 'SOA', 'SRV', 'DNAME'].includes(record.type);
    answer.records.push(`${record.name.toLowerCase()} ${record.type} ${isName ? data.toLowerCase() : data}`);
    answer.ttls.push(('ttl' in record && record.ttl) || 0);
  }
  return answer;
}

/** Buffers in JSON as Latin-1 text. */
function bytesAsText(_key: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
  return isBytes && 'data' in value ? Buffer.from(value.data as number[]).toString('latin1') : value;
}
