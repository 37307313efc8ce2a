// A client's exchange over real sockets: on to the next server, from UDP to TCP, from the address given.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Address, formatIp4, ip4, ip4Of } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { Exchange } from '../../src/stub/exchange.ts';
import { transmitted } from '../../src/transport/transmit.ts';
import { nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { needs } from '../support/programs.ts';
import { type Query, reply, ScriptedServer, SERVFAIL, type Send, TC } from '../support/scripted.ts';

const skip = needs('root');
const servers: ScriptedServer[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function serverAt(address: string, script: (query: Query, send: Send) => void): Promise<void> {
  servers.push(await new ScriptedServer(address, script).listen());
}

function exchange(...addresses: string[]): Exchange {
  const list = addresses.map((text) => ({ ip: ip4Of(bytesOf(text)) as Address, port: 53 }));
  return new Exchange({ name: nameOf('x.test')!, type: TYPE.A }, list, { recursive: true });
}

test('a server that is not there, and one that fails, are left for the next one', { skip }, async () => {
  await serverAt('127.40.7.2', (query, send) => send(reply(query, { rcode: SERVFAIL })));
  await serverAt('127.40.7.3', (query, send) => send(reply(query, {})));
  const done = await transmitted(exchange('127.40.7.1', '127.40.7.2', '127.40.7.3'));
  assert.equal(done.error, '');
  assert.equal(done.repliedBy && formatIp4(done.repliedBy.ip), '127.40.7.3');
});

test('a truncated response is asked for again over TCP, from the address given', { skip }, async () => {
  const seen: string[] = [];
  await serverAt('127.40.7.4', (query, send) => {
    seen.push(`${query.overTcp ? 'tcp' : 'udp'} ${query.client}`);
    send(reply(query, query.overTcp ? {} : { flags: TC }));
  });
  const done = await transmitted(exchange('127.40.7.4'), { ip4: ip4(127, 40, 7, 9) });
  assert.equal(done.error, '');
  assert.deepEqual(seen, ['udp 127.40.7.9', 'tcp 127.40.7.9']);
});

test('an address that is not ours to send from ends the exchange with the reason', { skip }, async () => {
  const done = await transmitted(exchange('127.40.7.5'), { ip4: ip4(192, 0, 2, 1) });
  assert.deepEqual([done.reply, done.error], [undefined, 'EADDRNOTAVAIL']);
});
