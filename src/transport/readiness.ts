// The word to a service manager that a server serves: `READY=1` in a datagram to the AF_UNIX socket $NOTIFY_SOCKET
// (sd_notify(3)). Its name is a path, or begins with @ for a socket outside the file system. Node has no such sockets.
// No counterpart in djbdns 1.05. A manager that cannot be reached is no reason not to serve.
import { closeSync, writeSync } from 'node:fs';
import { pack16 } from '../base/bytes.ts';
import { type Calls, libc } from '../base/libc.ts';
import { newSocket, SOCK_DGRAM } from './bind.ts';

const AF_UNIX = 1;
const NAME_MAX = 107;
const AT = 64; // @

/**
 * Connects to the socket of that name, which chroot puts out of reach; undefined for none. What is returned says that
 * the server serves.
 */
export function readiness(name: Uint8Array | undefined): () => void {
  if (!name || name.length === 0 || name.length > NAME_MAX) return () => {};
  const calls = libc();
  // Without libc systemd's own program says it, for which the unit has NotifyAccess=all.
  if (!calls) {
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    return () => void spawnSync('systemd-notify', ['--ready'], { stdio: 'ignore' });
  }
  const fd = connected(calls, name);
  return () => {
    if (fd < 0) return;
    try {
      writeSync(fd, 'READY=1');
    } catch {
      // the manager has gone
    }
    closeSync(fd);
  };
}

/** A descriptor connected to the socket, or -1. */
function connected(calls: Calls, name: Uint8Array): number {
  const isAbstract = name[0] === AT;
  const address = new Uint8Array(2 + NAME_MAX + 1);
  pack16(address, 0, AF_UNIX << 8); // in the host's order, the lower octet first
  address.set(name, 2);
  if (isAbstract) address[2] = 0;
  const fd = newSocket(calls, AF_UNIX, SOCK_DGRAM);
  // A path ends with a zero octet, an abstract name where the address ends.
  if (calls.connect(fd, address, 2 + name.length + (isAbstract ? 0 : 1)) === 0) return fd;
  calls.close(fd);
  return -1;
}
