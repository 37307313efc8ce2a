// Texts for system errors. Counterpart: error_str.c: djb's own words, not the C library's.

const TEXTS: Readonly<Record<string, string>> = {
  EINTR: 'interrupted system call',
  ENOMEM: 'out of memory',
  ENOENT: 'file does not exist',
  ETXTBSY: 'text busy',
  EIO: 'input/output error',
  EEXIST: 'file already exists',
  ETIMEDOUT: 'timed out',
  EINPROGRESS: 'operation in progress',
  EAGAIN: 'temporary failure',
  EWOULDBLOCK: 'input/output would block',
  EPIPE: 'broken pipe',
  EPERM: 'permission denied',
  EACCES: 'access denied',
  ENXIO: 'device not configured',
  EPROTO: 'protocol error',
  EISDIR: 'is a directory',
  ECONNREFUSED: 'connection refused',
  ENOTDIR: 'not a directory',
  ENOTSOCK: 'not a socket',
  EDOM: 'input out of range',
  ENOBUFS: 'out of buffer space',
  EXDEV: 'cross-device link',
  EINVAL: 'invalid argument',
  EMFILE: 'process cannot open more files',
  ENFILE: 'system cannot open more files',
  ENOSPC: 'out of disk space',
  EROFS: 'read-only file system',
  EADDRINUSE: 'address already used',
  EADDRNOTAVAIL: 'address not available',
  EAFNOSUPPORT: 'address family not supported',
  ENETUNREACH: 'network unreachable',
  EHOSTUNREACH: 'host unreachable',
  EHOSTDOWN: 'host down',
  ENETDOWN: 'network down',
  ENOTCONN: 'not connected',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EDESTADDRREQ: 'destination address required',
  EMSGSIZE: 'message too long',
  ENOTEMPTY: 'directory not empty',
  EBADF: 'file descriptor not open',
  ELOOP: 'symbolic link loop',
  ENAMETOOLONG: 'file name too long',
  EFBIG: 'file too big',
  EMLINK: 'too many links',
  EBUSY: 'device busy',
  ESRCH: 'no such process',
  ESTALE: 'stale file handle',
  EDQUOT: 'disk quota exceeded',
  ENOLCK: 'no locks available',
  ENODEV: 'device does not support operation',
  EDEADLK: 'operation would cause deadlock',
  ENOTBLK: 'not a block device',
};

/**
 * A failure by the name that errno.h has for it; empty for none. What goes wrong between DNS programs goes by the names
 * that djb's programs have for it: `EPROTO` for octets that make no sense, `EIO` for a peer that hangs up, or for
 * nobody left to ask, `ETIMEDOUT` for silence, `EAGAIN` for a server that says that it failed.
 */
export type ErrorCode = '' | `E${string}`;

/** An error as Node throws them for system calls that fail. */
export type SystemError = Error & { readonly code: ErrorCode };

/** Errors of Linux for which libuv, and so Node, has no name. */
const NAMELESS: Readonly<Record<number, ErrorCode>> = { 15: 'ENOTBLK', 35: 'EDEADLK', 37: 'ENOLCK', 122: 'EDQUOT' };

/** Makes one. */
export function systemError(code: ErrorCode): SystemError {
  return Object.assign(new Error(code), { code });
}

/** The error's code, such as `ENOENT`; the empty string for what is no system error. */
export function errorCode(error: unknown): ErrorCode {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  if ('errno' in error && typeof error.errno === 'number') {
    const code = NAMELESS[-error.errno];
    if (code) return code;
  }
  return typeof error.code === 'string' ? (error.code as ErrorCode) : '';
}

/** djb's text for a code such as `ENOENT`; `no error` for the empty code; `unknown error` for a code not listed. */
export function codeText(code: string): string {
  return code === '' ? 'no error' : (TEXTS[code] ?? 'unknown error');
}

/** djb's text for an error that a system call threw. What is no system error is a bug of ours and is thrown again. */
export function errorText(error: unknown): string {
  const code = errorCode(error);
  if (code === '' || code.startsWith('ERR_')) throw error;
  return codeText(code);
}
