// A connection as a stream with limits, over real sockets in this process.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { ip4 } from '../../src/base/address.ts';
import { SocketConnection } from '../../src/transport/connection.ts';
import { connectTo } from '../../src/transport/tcp.ts';

const servers: Server[] = [];
const peers: Socket[] = [];
after(() => {
  for (const peer of peers) peer.destroy();
  for (const server of servers) server.close();
});

/** Two ends of a TCP connection: ours, with that limit in seconds, and a plain socket. */
async function pair(seconds: number): Promise<[SocketConnection, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const peer = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', allowHalfOpen: true });
  peers.push(peer);
  const [socket] = (await once(server, 'connection')) as [Socket];
  return [new SocketConnection(socket, socket, seconds), peer];
}

test('what the peer writes is read, then the end', async () => {
  const [connection, peer] = await pair(20);
  peer.end('hello');
  assert.equal(String(await connection.read()), 'hello');
  assert.equal(await connection.read(), undefined);
  assert.equal(await connection.read(), undefined);
  connection.close();
});

test('a peer that says nothing is ETIMEDOUT, also when a read is ended before its time', async () => {
  const [connection, peer] = await pair(0.05);
  await assert.rejects(connection.read(), { code: 'ETIMEDOUT' });
  connection.close();
  peer.destroy();
  const [patient, other] = await pair(100);
  assert.equal(patient.idleTime(), 0);
  const reading = patient.read();
  patient.endIdling();
  await assert.rejects(reading, { code: 'ETIMEDOUT' });
  patient.close();
  other.destroy();
});

test('a peer that takes nothing is ETIMEDOUT; one that is gone is an error of the system', async () => {
  const [connection, peer] = await pair(0.2);
  peer.pause();
  const writing = async (): Promise<void> => {
    for (;;) await connection.write(new Uint8Array(1 << 20));
  };
  await assert.rejects(writing(), { code: 'ETIMEDOUT' });
  connection.close();
  peer.destroy();
  const [left, gone] = await pair(20);
  gone.resetAndDestroy();
  await assert.rejects(left.read(), { code: 'ECONNRESET' });
  await assert.rejects(left.write(Uint8Array.of(1)), (error: { code: string }) =>
    /^E(PIPE|CONNRESET)$/.test(error.code),
  );
  left.close();
});

test('connecting says what is wrong', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const connection = await connectTo({ ip: ip4(127, 0, 0, 1), port }, 20);
  connection.close();
  server.close();
  await once(server, 'close');
  await assert.rejects(connectTo({ ip: ip4(127, 0, 0, 1), port }, 20), { code: 'ECONNREFUSED' });
});
