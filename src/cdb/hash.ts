// The hash of the cdb format. Counterpart: cdb_hash.c. Start 5381; per octet h = (h * 33) xor octet, modulo 2^32.

export const CDB_HASH_START = 5381;

/** The hash of the octets from `from` to before `to`, unsigned 32 bits. */
export function cdbHash(key: Uint8Array, from = 0, to = key.length): number {
  let hash = CDB_HASH_START;
  for (let i = from; i < to; i++) hash = (hash + (hash << 5)) ^ key[i]!;
  return hash >>> 0;
}
