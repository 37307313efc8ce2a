// A UDP client for tests: sends octets from a chosen loopback address of either family and collects what comes back.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const SENTINEL_ID = 0xfffe;

/** A query packet by hand: header and one question. */
export function queryPacket(
  name: string,
  type: number,
  options: { id?: number; flags?: number; qclass?: number } = {},
) {
  const { id = 1, flags = 0, qclass = 1 } = options;
  const labels = name.split('.').filter((label) => label !== '');
  const qname = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  const head = Buffer.from([id >> 8, id, flags >> 8, flags, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...qname, Buffer.from([0, type >> 8, type, qclass >> 8, qclass])]);
}

/** One socket per client address, to one server. */
export class UdpClients {
  private readonly sockets = new Map<string, Socket>();
  private readonly server: string;
  private readonly port: number;

  constructor(server: string, port: number) {
    this.server = server;
    this.port = port;
  }

  /** Sends a packet and returns the first reply within `timeout` ms, or null. */
  async ask(packet: Uint8Array, timeout = 3000, client = '127.0.0.1'): Promise<Buffer | null> {
    const socket = await this.socket(client);
    return new Promise((resolve) => {
      const end = (reply: Buffer | null) => {
        clearTimeout(timer);
        socket.off('message', end);
        resolve(reply);
      };
      const timer = setTimeout(end, timeout, null);
      socket.on('message', end);
      socket.send(packet, this.port, this.server);
    });
  }

  /**
   * Sends a packet and then one that is known to be answered; what came before that answer is the reply, or null.
   * Throws when the sentinel is not answered.
   */
  async askBefore(packet: Uint8Array, sentinel: Uint8Array, client: string): Promise<Buffer | null> {
    const socket = await this.socket(client);
    return new Promise((resolve, reject) => {
      let reply: Buffer | null = null;
      const timer = setTimeout(() => reject(new Error('the sentinel is not answered')), 5000);
      const take = (message: Buffer) => {
        if (message.length < 2 || message.readUInt16BE(0) !== SENTINEL_ID) {
          reply = message;
          return;
        }
        clearTimeout(timer);
        socket.off('message', take);
        resolve(reply);
      };
      socket.on('message', take);
      socket.send(packet, this.port, this.server);
      socket.send(sentinel, this.port, this.server);
    });
  }

  /** The question for `askBefore`'s second packet. */
  static sentinel(name: string, type: number): Buffer {
    return queryPacket(name, type, { id: SENTINEL_ID });
  }

  /** Asks until the server answers, ten seconds at most. */
  async ready(packet: Uint8Array): Promise<void> {
    for (let i = 0; i < 100; i++) if (await this.ask(packet, 100)) return;
    throw new Error(`no answer from ${this.server} port ${this.port}`);
  }

  close(): void {
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
  }

  private async socket(client: string): Promise<Socket> {
    const known = this.sockets.get(client);
    if (known) return known;
    const socket = createSocket(client.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', () => {});
    socket.bind(0, client);
    await once(socket, 'listening');
    this.sockets.set(client, socket);
    return socket;
  }
}
