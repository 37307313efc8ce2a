// The keys that an access rule allows a client, `KEY="name/name"`: found as $ROOT/tsig/NAME when a request is signed,
// and only those that the rule lists are ever opened.

import { textOf } from '../base/bytes.ts';
import { BADKEY, BADTIME, type TsigKey } from '../transfer/tsig-record.ts';
import { formatName, nameEqual, nameOf } from '../wire/name.ts';
import { readKey } from './getd-config.ts';

export class KeyRing {
  private readonly names: readonly Uint8Array[];

  /** `list` is the variable's value. */
  constructor(list: Uint8Array) {
    this.names = textOf(list)
      .split('/')
      .map((name) => nameOf(name))
      .filter((name) => name !== undefined && name.length > 1) as Uint8Array[];
  }

  /** The key with this name, if it is listed and its file is good. */
  find(name: Uint8Array): TsigKey | undefined {
    if (!this.names.some((listed) => nameEqual(listed, 0, name, 0))) return undefined;
    return readKey(formatName(name)); // which has no slash: that is an escape in a name's text
  }
}

/** What ends a connection whose request was refused with this TSIG error. */
export function refusalText(error: number): string {
  if (error === BADKEY) return 'bad key';
  return error === BADTIME ? 'bad time' : 'bad signature';
}
