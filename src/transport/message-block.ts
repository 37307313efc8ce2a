// The memory that recvmmsg and sendmmsg work on, on 64-bit Linux. One block outside the heap holds everything that the
// kernel is given addresses of:
//   struct mmsghdr received[64], sent[128]  64 octets each: msg_name 0, msg_namelen 8, msg_iov 16, msg_iovlen 24,
//                                           msg_control 32, msg_controllen 40, msg_len 56
//   struct iovec   received[64], sent[128]  16 octets each: iov_base 0, iov_len 8
//   struct sockaddr peer[128]               32 octets each, see sockaddr.ts
//   struct cmsghdr control[128]             48 octets each: cmsg_len 0, cmsg_level 8, cmsg_type 12, then
//                                           struct in6_pktinfo: address 16, interface 32
//   the datagrams received, a slot each; then the responses, one behind the other so that few pages are touched
// Slots and responses begin at multiples of 16, so that a datagram's fields of two and four octets lie within a word
// and the kernel copies whole words.
import { mapMemory } from '../base/libc.ts';

/** Datagrams received by one call at most. */
export const BATCH = 64;
/** Messages that do not belong to a batch, and wait to be sent together. */
export const LATER = 64;
const MESSAGES = BATCH + LATER;

const HEADER = 64;
const VECTOR = 16;
const PEER = 32;
const CONTROL = 48;
/** What is used of a control buffer: a header and an in6_pktinfo, rounded up to 8. */
const CONTROL_USED = 40;
/** Room for one response. */
const RESPONSE_MAX = 65536;
/** Room for the responses of a batch; should they need more they are sent earlier. */
export const RESPONSES = BATCH * 1024 + RESPONSE_MAX;

/** The smallest multiple of 16 that is not less. */
export function rounded(length: number): number {
  return (length + 15) & ~15;
}

export class MessageBlock {
  readonly bytes: Uint8Array;
  /** Where things are in `bytes`. */
  readonly slots: number;
  readonly responses: number;
  readonly later: number;
  /** The machine addresses of the headers. */
  readonly received: bigint;
  private readonly sentAddress: bigint;
  private readonly words: Int32Array;
  private readonly addressLow: number;
  private readonly addressHigh: number;
  private readonly slotSize: number;
  private readonly nameLength: number;
  private readonly hasControl: boolean;
  private readonly sent: number = BATCH * HEADER;
  private readonly receivedVectors: number = this.sent + MESSAGES * HEADER;
  private readonly sentVectors: number = this.receivedVectors + BATCH * VECTOR;
  private readonly peers: number = this.sentVectors + MESSAGES * VECTOR;
  private readonly controls: number = this.peers + MESSAGES * PEER;

  private constructor(memory: { bytes: Uint8Array; address: bigint }, sizes: BlockSizes) {
    this.slotSize = rounded(sizes.receiveMax);
    this.nameLength = sizes.nameLength;
    this.hasControl = sizes.hasControl;
    this.slots = this.controls + MESSAGES * CONTROL;
    this.responses = this.slots + BATCH * this.slotSize;
    this.later = this.responses + RESPONSES;
    this.bytes = memory.bytes;
    this.words = new Int32Array(memory.bytes.buffer, 0, this.slots / 4);
    this.addressLow = Number(memory.address & 0xffffffffn);
    this.addressHigh = Number(memory.address >> 32n);
    this.received = memory.address;
    this.sentAddress = memory.address + BigInt(this.sent);
    for (let i = 0; i < BATCH; i++) {
      this.putHeader(i * HEADER, i, this.receivedVectors + i * VECTOR, this.hasControl);
      this.putVector(this.receivedVectors + i * VECTOR, this.slots + i * this.slotSize, sizes.receiveMax);
    }
  }

  /** Undefined where there is no memory. */
  static make(sizes: BlockSizes): MessageBlock | undefined {
    // The sizes of everything before the slots are fixed; see the picture above.
    const fixed = (BATCH + MESSAGES) * (HEADER + VECTOR) + MESSAGES * (PEER + CONTROL);
    const memory = mapMemory(fixed + BATCH * rounded(sizes.receiveMax) + 2 * RESPONSES);
    return memory && new MessageBlock(memory, sizes);
  }

  /** The machine address of the header of message `place` among those to be sent. */
  sentFrom(place: number): bigint {
    return place === 0 ? this.sentAddress : this.sentAddress + BigInt(place * HEADER);
  }

  /** The machine address of the header of received datagram `i`. */
  receivedFrom(i: number): bigint {
    return this.received + BigInt(i * HEADER);
  }

  /** Where datagram `i` is. */
  slot(i: number): number {
    return this.slots + i * this.slotSize;
  }

  /** Octets received of datagram `i`. */
  receivedLength(i: number): number {
    return this.words[(i * HEADER + 56) >> 2]!;
  }

  setReceivedLength(i: number, length: number): void {
    this.words[(i * HEADER + 56) >> 2] = length;
  }

  /** Where peer `i` is: the first 64 are those of the datagrams received. */
  peer(i: number): number {
    return this.peers + i * PEER;
  }

  /** Where the in6_pktinfo of message `i` is, 20 octets; a batch's are those of the datagrams received. */
  packetInfo(i: number): number {
    return this.controls + i * CONTROL + 16;
  }

  /** Whether the kernel has said which address datagram `i` was sent to. */
  hasPacketInfo(i: number): boolean {
    return this.words[(i * HEADER + 40) >> 2] === CONTROL_USED;
  }

  /** Makes the control buffers of the first `count` datagrams ready for the next ones: the kernel says what it used. */
  resetControls(count: number): void {
    for (let i = 0; i < count; i++) this.words[(i * HEADER + 40) >> 2] = CONTROL_USED;
  }

  /** Makes a message of control buffer `i` for `sendmmsg`: level and type are the kernel's for what follows. */
  setControl(i: number, level: number, type: number): void {
    const at = (this.controls + i * CONTROL) >> 2;
    this.words[at] = 36;
    this.words[at + 1] = 0;
    this.words[at + 2] = level;
    this.words[at + 3] = type;
  }

  /** Makes message `place` the `length` octets at `at`, to peer `peer`, from the address in control buffer `peer`. */
  putMessage(place: number, peer: number, at: number, length: number, hasControl: boolean): void {
    const vector = this.sentVectors + place * VECTOR;
    this.putHeader(this.sent + place * HEADER, peer, vector, hasControl);
    this.putVector(vector, at, length);
  }

  private putHeader(header: number, peer: number, vector: number, hasControl: boolean): void {
    this.putAddressOf(header, this.peers + peer * PEER);
    this.words[(header + 8) >> 2] = this.nameLength;
    this.putAddressOf(header + 16, vector);
    this.words[(header + 24) >> 2] = 1;
    if (!this.hasControl) return;
    this.putAddressOf(header + 32, this.controls + peer * CONTROL);
    this.words[(header + 40) >> 2] = hasControl ? CONTROL_USED : 0;
  }

  private putVector(vector: number, base: number, length: number): void {
    this.putAddressOf(vector, base);
    this.words[(vector + 8) >> 2] = length;
  }

  /** Writes the machine address of `offset` in the block at `at`. */
  private putAddressOf(at: number, offset: number): void {
    const sum = this.addressLow + offset;
    this.words[at >> 2] = sum | 0;
    this.words[(at >> 2) + 1] = this.addressHigh + (sum >= 0x100000000 ? 1 : 0);
  }
}

/** What a block is for. */
export interface BlockSizes {
  /** Octets received of a datagram. */
  readonly receiveMax: number;
  /** Octets of a peer's address. */
  readonly nameLength: number;
  /** Datagrams come, and responses go, with the address that was asked. */
  readonly hasControl: boolean;
}
