// A generated internet through sockets: each server has its address, port 53, UDP and TCP, all in this process, and the
// messages that arrive are counted. Responses are compressed, as those of real servers are.
import { setTimeout as sleep } from 'node:timers/promises';
import * as FLAG from '../../src/wire/flag.ts';
import { nameOf } from '../../src/wire/name.ts';
import { putRdata } from '../../src/wire/rdata.ts';
import { scanRdata } from '../../src/wire/rdata-text.ts';
import { ADDITIONAL, ANSWER, AUTHORITY } from '../../src/wire/record.ts';
import { tokensOf } from '../../src/wire/tokens.ts';
import { scanAnyType } from '../../src/wire/type.ts';
import { Writer } from '../../src/wire/writer.ts';
import type { Deed, Server } from '../support/dialogue.ts';
import { AA, type Query, type Reply, ScriptedServer, type Send } from '../support/scripted.ts';

const writer = new Writer();
const room = new Uint8Array(4096);

/** Starts all servers; `queries` is the number of messages that have come, `close` ends them. */
export async function serveInternet(
  servers: Readonly<Record<string, Server>>,
): Promise<{ queries(): number; close(): void }> {
  const listening: ScriptedServer[] = [];
  for (const [address, server] of Object.entries(servers)) {
    const script = (query: Query, send: Send): void => void perform(server(query), query, send);
    listening.push(await new ScriptedServer(address, script).listen());
  }
  return {
    queries: () => listening.reduce((sum, { queries }) => sum + queries, 0),
    close() {
      for (const server of listening) server.close();
    },
  };
}

async function perform(deed: Deed, query: Query, send: Send): Promise<void> {
  if (deed === 'silent' || typeof deed !== 'object' || deed instanceof Uint8Array) return;
  if ('after' in deed) {
    await sleep(1000 * deed.after);
    return perform(deed.deed, query, send);
  }
  send(responseTo(query, deed));
}

/** The octets of a response; none that a generated internet makes is longer than 512. */
function responseTo({ raw, name, type }: Query, { flags = AA, rcode = 0, ...sections }: Reply): Uint8Array {
  writer.start(room);
  writer.question(raw.readUInt16BE(0), FLAG.QR | flags | rcode, nameOf(name)!, 0, scanAnyType(type), 1);
  putSection(ANSWER, sections.answer);
  putSection(AUTHORITY, sections.authority);
  putSection(ADDITIONAL, sections.additional);
  return room.slice(0, writer.length);
}

function putSection(section: number, records: readonly string[] = []): void {
  for (const record of records) {
    const [owner = '', ttl, typeText = '', ...words] = record.split(' ');
    const type = scanAnyType(typeText);
    const data = scanRdata(type, tokensOf(words.join(' '))!)!;
    const mark = writer.startRecord(section, nameOf(owner)!, 0, type, Number(ttl));
    putRdata(writer, type, data, 0, data.length);
    writer.endRecord(mark);
  }
}
