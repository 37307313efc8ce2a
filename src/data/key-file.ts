// A file with a key for signed messages: one line `algorithm:name:secret`, the secret in base64, as dig and kdig take
// it after `-y`; or the block that BIND's tsig-keygen prints. The key's name is the file's name.
import { textOf } from '../base/bytes.ts';
import { formatName, lowerName, nameOf } from '../wire/name.ts';

/** The name in wire form and lowercased, the algorithm in lowercase, the secret. */
export interface ScannedKey {
  readonly name: Uint8Array;
  readonly algorithm: string;
  readonly secret: Uint8Array;
}

const ALGORITHM = 'hmac-sha(?:1|224|256|384|512)';
const LINE = new RegExp(`^(${ALGORITHM}):([^:\\s]+):([A-Za-z0-9+/]+={0,2})$`, 'i');
const BLOCK = /^key\s+"?([^"\s{;]+)"?\s*\{([^{}]*)\}\s*;?$/i;
const STATEMENT_ALGORITHM = new RegExp(`(?:^|;)\\s*algorithm\\s+"?(${ALGORITHM})"?\\s*;`, 'i');
const STATEMENT_SECRET = /(?:^|;)\s*secret\s+"?([A-Za-z0-9+/]+={0,2})"?\s*;/i;

/** The key of the file `name` with this content; undefined when it has none, or one of another name. */
export function scanKeyFile(name: string, content: Uint8Array): ScannedKey | undefined {
  const text = textOf(content).trim();
  const line = LINE.exec(text);
  if (line) return keyOf(name, line[2]!, line[1]!, line[3]!);
  const block = BLOCK.exec(text);
  const algorithm = STATEMENT_ALGORITHM.exec(block?.[2] ?? '');
  const secret = STATEMENT_SECRET.exec(block?.[2] ?? '');
  return block && algorithm && secret ? keyOf(name, block[1]!, algorithm[1]!, secret[1]!) : undefined;
}

function keyOf(file: string, nameText: string, algorithm: string, secret: string): ScannedKey | undefined {
  const name = nameOf(nameText);
  const own = nameOf(file);
  if (!name || !own || formatName(name) !== formatName(own)) return undefined;
  const octets = Buffer.from(secret, 'base64');
  if (octets.length === 0 || secret.length % 4 !== 0) return undefined;
  return { name: lowerName(name), algorithm: algorithm.toLowerCase(), secret: new Uint8Array(octets) };
}
