// Encrypted connections for zone transfers (RFC 9103): TLS 1.3, ALPN `dot`, a server that proves its name. node:tls is
// loaded when the first such connection is made.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The protocol's name in the handshake (RFC 7858 section 3.2, RFC 9103 section 9.2). */
export const ALPN = 'dot';

/** Where encrypted transfers are served, unless another port is said. */
export const TLS_PORT = 853;

/** What encrypts the server's end of a connection. Throws what the certificate or the key is refused with. */
export function tlsServer(cert: string, key: string): (socket: Socket) => Socket {
  const { createSecureContext, TLSSocket } = process.getBuiltinModule('node:tls');
  const secureContext = createSecureContext({ cert, key, minVersion: 'TLSv1.3' });
  return (socket) => new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: [ALPN] });
}

export interface TlsClientOptions {
  /** The name that the server's certificate must be for. */
  readonly host: string;
  /** Certificates of authorities, PEM; undefined: those that Node comes with. */
  readonly ca: string | undefined;
}

/** The client's end of a connection that is being made. It emits `secureConnect` or `error`. */
export function encrypt(socket: Socket, { host, ca }: TlsClientOptions): TLSSocket {
  const { connect } = process.getBuiltinModule('node:tls');
  const isAddress = /^[0-9.]+$|:/.test(host);
  return connect({
    socket,
    host,
    ...(isAddress ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.3',
    ALPNProtocols: [ALPN],
  });
}

/** Why an encrypted connection must not be used; undefined when it may. */
export function tlsProblem(socket: Socket): string | undefined {
  return (socket as TLSSocket).alpnProtocol === ALPN ? undefined : 'no ALPN';
}

const REASONS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'name',
  CERT_HAS_EXPIRED: 'certificate expired',
  CERT_NOT_YET_VALID: 'certificate not yet valid',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'no ALPN',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'version',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'version',
  ERR_SSL_WRONG_VERSION_NUMBER: 'version',
};

const AUTHORITY =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED)$/;

/** What went wrong in a handshake, in a word; undefined when the error is not TLS's. */
export function tlsReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as { code?: unknown }).code;
  if (code === undefined) return error.message;
  if (typeof code !== 'string') return undefined;
  if (AUTHORITY.test(code)) return 'authority';
  return REASONS[code] ?? (code.startsWith('ERR_SSL') || code.startsWith('CERT_') ? 'handshake' : undefined);
}
