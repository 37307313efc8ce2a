// Where records are written to: one section of a response, under one owner.

import { Writer } from '../wire/writer.ts';

const NO_NAME = new Uint8Array(1);

export class Section {
  response: Writer = new Writer();
  private number = 0;
  private owner: Uint8Array = NO_NAME;
  private ownerAt = 0;
  private ownerOffset = -1;

  /**
   * The records to come belong to section `number` (1 to 3) of `response` under the name at `owner[at]`, which is a
   * suffix of the question's name at its octet `at`; or else it stands at `offset` of the response, or nowhere (-1).
   */
  begin(response: Writer, number: number, owner: Uint8Array, at: number, offset = response.questionOffset(owner, at)) {
    this.response = response;
    this.number = number;
    this.owner = owner;
    this.ownerAt = at;
    this.ownerOffset = offset;
  }

  /** Begins a record; returns the mark for `response.endRecord`, to be called when its data is written. */
  startRecord(type: number, ttl: number): number {
    const { response, number, ownerOffset } = this;
    if (ownerOffset >= 0) return response.startRecordAt(number, ownerOffset, type, ttl);
    return response.startRecord(number, this.owner, this.ownerAt, type, ttl);
  }
}
