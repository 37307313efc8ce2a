#!/usr/bin/env node
// axfrdns: answers over TCP from data.cdb, whole zones too; one connection under tcpserver, or many with --listen.
import { UsageError } from '../src/base/errors.ts';
import { serveDescriptors } from '../src/program/axfrdns.ts';
import { CONNECTIONS, serveListening } from '../src/program/axfrdns-listen.ts';
import { EDNS_NOTES } from '../src/program/edns.ts';
import { LISTEN_NOTES } from '../src/program/listen.ts';
import { run } from '../src/program/main.ts';
import { TINYDNS_NOTES } from '../src/program/tinydns-options.ts';

run(
  {
    name: 'axfrdns',
    synopsis: '',
    about: 'Answers DNS questions and zone transfers over TCP from data.cdb in $ROOT.',
    options: [
      ['--listen', 'serve many connections on $IP and $PORT instead of one on descriptors 0 and 1'],
      ['--udp', 'with --listen: answer over UDP too, for secondaries that sign'],
      ['--tls', 'with --listen: encrypted connections, port 853'],
      ['-c, --connections <n>', `with --listen: at most n connections at a time (${CONNECTIONS})`],
    ],
    notes: `Environment:
  ROOT          directory to serve from; axfrdns chroots there
  UID, GID      numbers of the user and group to run as
  AXFR          zones that may be transferred, separated by slashes; unset: all
  KEY           keys of which one must sign transfers, names in tsig/ separated by slashes; unset: none must
  UNPRIVILEGED  set: do not chroot nor change user, only chdir to $ROOT
  TAI64N        set: begin each log line with a TAI64N label
  LOGRESULT     set: end each line that is no transfer's with the response's code and its octets
${TINYDNS_NOTES}
${EDNS_NOTES}
Under tcpserver:
  TCPREMOTEIP, TCPREMOTEPORT  the client
With --listen:
  IP, PORT      address and port (53) to listen on
  tcp.cdb       access rules, in the working directory or else in $ROOT; may set AXFR and KEY
  TLSCERT, TLSKEY  with --tls: files with the certificate and its key
${LISTEN_NOTES}`,
  },
  (_, options) => {
    if (!options['listen']) {
      if (options['udp'] || options['tls']) throw new UsageError('axfrdns --listen [--udp] [--tls] [-c connections]');
      return serveDescriptors();
    }
    const limit = connections(options['connections']);
    return serveListening({ limit, udp: Boolean(options['udp']), tls: Boolean(options['tls']) });
  },
);

function connections(text: string | boolean | undefined): number {
  if (text === undefined) return CONNECTIONS;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError('axfrdns --listen [-c connections]');
  return limit;
}
