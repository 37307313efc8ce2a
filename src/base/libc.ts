// The libc calls that Node does not offer, through koffi: chroot, mmap, and sockets with recvmmsg and sendmmsg. The
// only file that knows koffi. Where it or a symbol is missing (`hasLibc` is false) callers fall back to what Node has,
// except for chroot, which has no substitute and fails.
import { constants as fsConstants, readFileSync } from 'node:fs';
import { type ErrorCode, type SystemError, systemError } from './oserror.ts';

/** The calls by their names in libc; each returns what it returns in C. */
export interface Calls {
  chroot(path: string): number;
  mmap(address: null, length: number, protection: number, flags: number, fd: number, offset: number): bigint;
  munmap(address: bigint, length: number): number;
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  recvmmsg(fd: number, messages: bigint, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, messages: bigint, count: number, flags: number): number;
  openat(directory: number, path: string, flags: number): number;
  flock(fd: number, operation: number): number;
  poll(fds: Uint8Array, count: number, milliseconds: number): number;
  if_nametoindex(name: string): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  getpwnam(name: string): bigint | null;
}

interface Koffi {
  load(path: null): { func(prototype: string): unknown };
  errno(): number;
  view(pointer: bigint, length: number): ArrayBuffer;
}

const PROTOTYPES: Readonly<Record<keyof Calls, string>> = {
  chroot: 'int chroot(const char *path)',
  mmap: 'void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)',
  munmap: 'int munmap(void *addr, size_t length)',
  socket: 'int socket(int domain, int type, int protocol)',
  setsockopt: 'int setsockopt(int fd, int level, int option, const void *value, uint32_t length)',
  bind: 'int bind(int fd, const void *address, uint32_t length)',
  connect: 'int connect(int fd, const void *address, uint32_t length)',
  close: 'int close(int fd)',
  recvmmsg: 'int recvmmsg(int fd, void *messages, uint count, int flags, void *timeout)',
  sendmmsg: 'int sendmmsg(int fd, void *messages, uint count, int flags)',
  openat: 'int openat(int directory, const char *path, int flags)',
  flock: 'int flock(int fd, int operation)',
  poll: 'int poll(void *fds, ulong count, int milliseconds)',
  if_nametoindex: 'uint if_nametoindex(const char *name)',
  getsockname: 'int getsockname(int fd, void *address, void *length)',
  getsockopt: 'int getsockopt(int fd, int level, int option, void *value, void *length)',
  getpwnam: 'void *getpwnam(const char *name)',
};

let koffi: Koffi | undefined;
let calls: Calls | undefined;

function open(): Calls | undefined {
  // The structure layouts in transport/udp-batch are those of 64-bit little-endian Linux.
  if (process.env['DJBDNS_PLAIN'] !== undefined) return undefined;
  try {
    koffi = process.getBuiltinModule('node:module').createRequire(import.meta.url)('koffi') as Koffi;
    const library = koffi.load(null);
    const opened: Partial<Record<keyof Calls, unknown>> = {};
    for (const name of Object.keys(PROTOTYPES) as (keyof Calls)[]) opened[name] = library.func(PROTOTYPES[name]);
    return opened as Calls;
  } catch {
    return undefined;
  }
}

let tried = false;

/**
 * The calls, or undefined where koffi does not load or `$DJBDNS_PLAIN` forbids it. Loads koffi (8 ms) when first asked.
 */
export function libc(): Calls | undefined {
  if (!tried) {
    tried = true;
    calls = open();
  }
  return calls;
}

/** A system error as Node throws them, with `code`, from the errno that the last call left. */
export function lastError(): SystemError {
  const { errno: numbers } = process.getBuiltinModule('node:os').constants;
  const errno = koffi?.errno() ?? numbers.ENOSYS;
  const code = (Object.entries(numbers).find(([, value]) => value === errno)?.[0] as ErrorCode) ?? `E${errno}`;
  return systemError(code);
}

/** chroot(2). Throws a system error; `EPERM` where the call cannot be reached. */
export function chroot(path: string): void {
  const library = libc();
  if (!library) throw systemError('EPERM');
  if (library.chroot(path) !== 0) throw lastError();
}

/** An account's numbers. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * The account of that name from whatever the system keeps accounts in, or from /etc/passwd where libc cannot be
 * reached; undefined when there is none. In `struct passwd` of 64-bit systems two pointers come before the numbers.
 */
export function findAccount(name: string): Account | undefined {
  const library = libc();
  if (!library || !koffi) return accountInFile(name);
  const address = library.getpwnam(name);
  if (!address) return undefined;
  const numbers = new Uint32Array(koffi.view(address, 24), 16, 2);
  return { uid: numbers[0]!, gid: numbers[1]! };
}

function accountInFile(name: string): Account | undefined {
  for (const line of readFileSync('/etc/passwd', 'latin1').split('\n')) {
    const [account, , uid, gid] = line.split(':');
    if (account === name && name !== '' && uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/**
 * Opens a file for reading by its name in an open directory, which may lie outside a chroot; returns the descriptor.
 * Throws a system error; `ENOSYS` where the call cannot be reached.
 */
export function openAt(directory: number, name: string): number {
  const library = libc();
  if (!library) throw systemError('ENOSYS');
  const fd = library.openat(directory, name, fsConstants.O_RDONLY | fsConstants.O_NONBLOCK);
  if (fd < 0) throw lastError();
  return fd;
}

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Locks an open file or directory for this process alone until it ends (flock(2)); waits for another that has it
 * locked, or where `mayWait` is false throws `EAGAIN`. Where the call cannot be reached nothing is locked.
 */
export function lockFile(fd: number, mayWait: boolean): void {
  const library = libc();
  if (library && library.flock(fd, mayWait ? LOCK_EX : LOCK_EX | LOCK_NB) !== 0) throw lastError();
}

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 0xffffffffffffffffn;

/** Memory outside the JavaScript heap: `bytes` is a view of it, valid until `unmap`. Reading it afterwards crashes. */
export interface Mapping {
  bytes: Uint8Array;
  address: bigint;
  unmap(): void;
}

function map(length: number, protection: number, flags: number, fd: number): Mapping | undefined {
  const library = libc();
  if (!library || !koffi) return undefined;
  const address = library.mmap(null, length, protection, flags, fd, 0);
  if (address === MAP_FAILED || address === 0n) return undefined;
  const bytes = new Uint8Array(koffi.view(address, length));
  return { bytes, address, unmap: () => void library.munmap(address, length) };
}

/**
 * The first `length` octets (not 0) of an open file, read-only and shared, or as many as a typed array can have: cdb
 * positions have 32 bits. Undefined where it cannot be mapped.
 */
export function mapFile(fd: number, length: number): Mapping | undefined {
  return map(Math.min(length, 0xffffffff), PROT_READ, MAP_SHARED, fd);
}

/** Zeroed memory whose address system calls can be given; undefined where there is none. */
export function mapMemory(length: number): Mapping | undefined {
  return map(length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}
