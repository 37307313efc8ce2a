// dnscache's TCP clients, without dnscache: one message after the other, who is evicted, who is hung up on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { formatAddress, ip4 } from '../../src/base/address.ts';
import { concat } from '../../src/base/bytes.ts';
import { TcpListener } from '../../src/transport/tcp.ts';
import { type TcpClient, TcpClients, type TcpEvents } from '../../src/transport/tcp-clients.ts';
import { framed, MessageStream } from '../../src/wire/framing.ts';
import { until } from '../support/programs.ts';

const LOCAL = ip4(127, 40, 8, 1);
let port = 20000 + (process.pid % 10000);
const sockets: Socket[] = [];
const listeners: TcpListener[] = [];
after(() => {
  for (const socket of sockets) socket.destroy();
  for (const listener of listeners) listener.close();
});

/** What happens to clients, in words; messages are answered when the test says so. */
class Owner implements TcpEvents<string> {
  readonly events: string[] = [];
  readonly clients: TcpClient<string>[] = [];
  welcome = true;

  accepts(): boolean {
    return this.welcome;
  }

  opened(client: TcpClient<string>): void {
    this.clients.push(client);
    this.events.push(`opened ${formatAddress(client.ip)}`);
  }

  asked(client: TcpClient<string>, message: Uint8Array): void {
    client.query = Buffer.from(message).toString();
    this.events.push(`asked ${client.query}`);
  }

  dropped(client: TcpClient<string>, code: string): void {
    this.events.push(`dropped ${client.query} ${code}`);
    client.query = undefined;
  }

  closed(_: TcpClient<string>, code: string): void {
    this.events.push(`closed ${code}`);
  }

  respond(index: number, text: string): void {
    const bytes = Buffer.from(`??${text}`);
    this.clients[index]!.query = undefined;
    this.clients[index]!.respond(bytes, 2, text.length);
  }
}

async function served(owner: Owner): Promise<{ clients: TcpClients<string>; port: number }> {
  const listener = await new TcpListener().listen({ ip: LOCAL, port: ++port });
  listeners.push(listener);
  return { clients: new TcpClients([listener], owner), port };
}

function client(port: number): Socket {
  const socket = connect({ port, host: formatAddress(LOCAL), localAddress: '127.40.8.2' });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** The messages that come, as they come. */
function responses(socket: Socket): string[] {
  const stream = new MessageStream();
  const texts: string[] = [];
  socket.on('data', (octets) => {
    stream.push(octets);
    for (let message = stream.next(); message; message = stream.next()) texts.push(Buffer.from(message).toString());
  });
  return texts;
}

test('messages of a connection are answered one after the other, however they are cut', async () => {
  const owner = new Owner();
  const socket = client((await served(owner)).port);
  const texts = responses(socket);
  const all = concat([framed(Buffer.from('one')), framed(Buffer.from('two'))]);
  for (const octet of all) socket.write(Uint8Array.of(octet));
  await until(() => owner.events.length === 2);
  owner.respond(0, 'first');
  await until(() => owner.events.length === 3);
  owner.respond(0, 'second');
  await until(() => texts.length === 2);
  assert.deepEqual(owner.events, ['opened 127.40.8.2', 'asked one', 'asked two']);
  assert.deepEqual(texts, ['first', 'second']);
  socket.end();
  await until(() => owner.events.includes('closed EPIPE'));
});

test('an empty message, and a client that is not welcome, are hung up on', async () => {
  const owner = new Owner();
  const { port } = await served(owner);
  const socket = client(port);
  socket.resume().write(Uint8Array.of(0, 0));
  await once(socket, 'close');
  assert.deepEqual(owner.events, ['opened 127.40.8.2', 'closed EPROTO']);
  owner.welcome = false;
  const other = client(port).resume();
  await once(other, 'close');
  assert.equal(owner.clients.length, 1);
});

test('the twenty-first connection takes the place of the oldest', async () => {
  const owner = new Owner();
  const { clients, port } = await served(owner);
  const first = client(port).resume();
  first.write(framed(Buffer.from('waits')));
  await until(() => owner.events.includes('asked waits'));
  for (let i = 0; i < 19; i++) client(port);
  await until(() => clients.active === 20);
  client(port);
  await once(first, 'close');
  await until(() => owner.events.filter((event) => event.startsWith('opened')).length === 21);
  assert.deepEqual(owner.events.slice(-3), ['dropped waits ETIMEDOUT', 'closed EPIPE', 'opened 127.40.8.2']);
  assert.equal(clients.active, 20);
});
