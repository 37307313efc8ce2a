// Zone transfers in tests: queries for axfrdns's input, its output taken apart by an independent decoder, and data
// files to transfer.
import dnsPacket from 'dns-packet';
import { type RunOptions, run } from './programs.ts';

/** A query with its length, as a TCP client sends it. */
export function framedQuery(name: string, type: dnsPacket.RecordType | 'AXFR', id = 0x1234): Buffer {
  return dnsPacket.streamEncode({
    type: 'query',
    id,
    questions: [{ type: type as dnsPacket.RecordType, name, class: 'IN' }],
  });
}

/** The messages in a TCP stream; throws when it ends within one. */
export function messagesIn(stream: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + 2 + stream.readUInt16BE(at);
    if (end > stream.length) throw new RangeError(`${stream.length - at} octets of a message`);
    messages.push(stream.subarray(at + 2, end));
    at = end;
  }
  return messages;
}

/** The answers of all messages as text, one each: owner, type, TTL and data, in the order of the stream. */
export function recordsIn(stream: Buffer): string[] {
  const records: string[] = [];
  for (const message of messagesIn(stream)) {
    for (const answer of dnsPacket.decode(message).answers ?? []) {
      const { name, type, ttl, data } = answer as { name: string; type: string; ttl: number; data: unknown };
      records.push(`${name} ${type} ${ttl} ${Buffer.isBuffer(data) ? data.toString('hex') : JSON.stringify(data)}`);
    }
  }
  return records;
}

/** What our axfrdns sends for these requests out of `root`. */
export function axfrdns(root: string, input: Buffer, env: Record<string, string> = {}, options: RunOptions = {}) {
  return run('axfrdns', [], { input, env: { ROOT: root, UNPRIVILEGED: '1', ...env }, ...options });
}

/** A data file for `zone` with `hosts` names of several types each; `serial` goes into its SOA. */
export function zoneData(zone: string, hosts: number, serial: number): string {
  const lines = [
    `Z${zone}:a.ns.${zone}.:hostmaster.${zone}.:${serial}:3600:60:100000:300`,
    `&${zone}:192.0.2.1:a.ns.${zone}.:3600`,
    `&${zone}:192.0.2.2:b.ns.${zone}.:3600`,
    `&child.${zone}:192.0.2.3:ns.child.${zone}.`,
    `@${zone}:192.0.2.4:mail.${zone}.:10`,
    `+\\052.wild.${zone}:192.0.2.5:77`,
    `'text.${zone}:two words, a colon\\072 and \\303\\251`,
    `'long.${zone}:${'x'.repeat(600)}`,
    `:six.${zone}:28:\\040\\001\\015\\270\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001`,
    `^ptr.${zone}:target.${zone}.`,
  ];
  for (let i = 0; lines.length < hosts; i++) {
    lines.push(`+host${i}.${zone}:10.0.${i >> 8}.${i & 255}:${300 + (i % 7)}`);
    if (i % 3 === 0) lines.push(`Calias${i}.${zone}:host${i}.${zone}.`);
    if (i % 5 === 0) lines.push(`:_sip._tcp.host${i}.${zone}:33:\\000\\001\\000\\002\\023\\304\\000`);
  }
  return `${lines.join('\n')}\n`;
}

/** A message of a transfer without the question that only ours carries: what the original sends. */
export function withoutQuestion(message: Buffer): Buffer {
  if (message.readUInt16BE(4) !== 1 || message.readUInt16BE(6) === 0) return message;
  let end = 12;
  while (message[end] !== 0) end += 1 + message[end]!;
  if (message.readUInt16BE(end + 1) !== 252) return message;
  const rest = Buffer.concat([message.subarray(0, 12), message.subarray(end + 5)]);
  rest.writeUInt16BE(0, 4);
  return rest;
}
