// Sockets that the service manager has opened: `$LISTEN_FDS` descriptors from 3 on, meant for the process
// `$LISTEN_PID`, as systemd and others hand them over (sd_listen_fds(3)). They outlive the server: what comes while it
// is restarted waits in them. `$IP` and `$PORT` are then not looked at.
import { wholeDecimal } from '../base/text.ts';
import { envBytes } from './args.ts';

const FIRST = 3;

/** The descriptors handed over; none where the variables are not set, or meant for another process. */
export function handedOver(): number[] {
  const count = envBytes('LISTEN_FDS');
  const pid = envBytes('LISTEN_PID');
  if (!count || !pid || wholeDecimal(pid) !== process.pid) return [];
  return Array.from({ length: Math.max(wholeDecimal(count), 0) }, (_, i) => FIRST + i);
}
