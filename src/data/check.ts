// What is found in a data file that compiles but does not work. The kinds of findings are interface: scripts read them.

/** A finding. */
export interface Finding {
  /** The number of the line; 0 where there is none, in a data.cdb. */
  readonly line: number;
  /** The name that it is about, as people write it. */
  readonly name: string;
  readonly kind: FindingKind;
  readonly message: string;
}

export type FindingKind =
  | 'line'
  | 'address'
  | 'ttl'
  | 'timestamp'
  | 'number'
  | 'location'
  | 'fields'
  | 'text'
  | 'data'
  | 'alias'
  | 'target'
  | 'glue'
  | 'servers'
  | 'hidden'
  | 'spf'
  | 'dmarc'
  | 'serial';

/** Takes what is wrong, in the order in which it is found. */
export type Report = (line: number, name: string, kind: FindingKind, message: string) => void;
