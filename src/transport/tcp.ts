// TCP connections that this process opens itself. Counterpart: tcpclient and tcpserver of ucspi-tcp.
import { connect } from 'node:net';
import type { Endpoint } from '../base/endpoint.ts';
import { formatIp4 } from '../base/ip.ts';
import { type Connection, SocketConnection, systemError } from './connection.ts';

/** Connects to `server`; `seconds` limit connecting, and each read and write afterwards. Throws system errors. */
export function connectTo(server: Endpoint, seconds: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: formatIp4(server.ip), port: server.port, allowHalfOpen: true });
    const give = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => give(systemError('ETIMEDOUT')), seconds * 1000);
    socket.once('error', give);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', give);
      resolve(new SocketConnection(socket, socket, seconds));
    });
  });
}
