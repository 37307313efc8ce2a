// The sockets that the environment asks for: `$IP`, port 53 or `$PORT`. Counterpart: the socket_bind4_reuse parts of
// server.c, dnscache.c; tcpserver's, for axfrdns --listen. They are made before root is dropped.
import { Fatal } from '../base/errors.ts';
import { codeText, errorText } from '../base/oserror.ts';
import { UdpError, type UdpOptions, type UdpSocket } from '../transport/datagram.ts';
import { TcpListener } from '../transport/tcp.ts';
import { bindUdp } from '../transport/udp.ts';
import { port, requiredIp } from './env.ts';

/** Binds a UDP socket. Fatal in the original's words. */
export async function listenUdp(options: UdpOptions): Promise<UdpSocket> {
  const ip = requiredIp('IP');
  try {
    return await bindUdp({ ip, port: port() }, options);
  } catch (error) {
    if (!(error instanceof UdpError)) throw error;
    throw new Fatal(`unable to ${error.step} UDP socket: ${codeText(error.code)}`);
  }
}

/** Binds a TCP socket. Fatal in the original's words. */
export async function listenTcp(): Promise<TcpListener> {
  const local = { ip: requiredIp('IP'), port: port() };
  try {
    return await new TcpListener().listen(local);
  } catch (error) {
    throw new Fatal(`unable to bind TCP socket: ${errorText(error)}`);
  }
}
