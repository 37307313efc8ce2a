// The body of axfrdns-data: what has changed in data.cdb since the last time, for axfrdns to send to secondaries that
// have the version of before. No counterpart in djbdns 1.05. It may be killed anywhere, and left out for a while: what
// it compares with is its own link to the data.cdb that it saw last.
import { linkSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { Fatal, orFatal } from '../base/errors.ts';
import { Replacement } from '../base/files.ts';
import { MappedFile } from '../base/mapped-file.ts';
import { errorCode, errorText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import { CdbMaker, CdbTooLarge } from '../cdb/maker.ts';
import { compareData, type ZoneNews } from '../transfer/data-comparison.ts';
import { packStep } from '../transfer/history.ts';
import { formatName } from '../wire/name.ts';
import { complain } from './main.ts';

const DATA = 'data.cdb';
const LAST = 'ixfr.last';
const LAST_TMP = 'ixfr.last.tmp';
const HISTORY = 'ixfr.cdb';
const HISTORY_TMP = 'ixfr.tmp';

/** The whole program. */
export function axfrdnsData(): void {
  process.umask(0o022);
  // What is compared must be what is remembered, so the link comes first: data.cdb may be replaced at any time.
  link();
  const current = open(LAST_TMP);
  if (!current) throw new Fatal(`unable to read ${DATA}: file does not exist`);
  if (isSameFile(LAST, LAST_TMP)) return remove(LAST_TMP);
  const compared = compareData(current, open(LAST), open(HISTORY));
  if (!compared) throw new Fatal(`unable to read ${DATA}: protocol error`);
  const file = new Replacement(HISTORY, HISTORY_TMP);
  const maker = new CdbMaker((bytes, length, position) => file.writeAt(bytes, length, position));
  try {
    for (const { zone, step } of compared.steps) {
      const { key, value } = packStep(zone, step);
      maker.add(key, value);
    }
    maker.finish();
  } catch (error) {
    if (error instanceof CdbTooLarge) throw new Fatal(`unable to create ${HISTORY_TMP}: out of memory`);
    throw error;
  }
  file.commit();
  orFatal(`unable to move ${LAST_TMP} to ${LAST}`, () => renameSync(LAST_TMP, LAST));
  for (const news of compared.news) tell(news);
}

function tell({ zone, serial, kind }: ZoneNews): void {
  const name = formatName(zone);
  if (kind === 'new') stdout.putText(`${name} ${serial}\n`);
  else complain(`axfrdns-data: warning: ${name} has changed, its serial ${serial} has not`);
}

function link(): void {
  remove(LAST_TMP);
  orFatal(`unable to link ${LAST_TMP} to ${DATA}`, () => linkSync(DATA, LAST_TMP));
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new Fatal(`unable to remove ${path}: ${errorText(error)}`);
  }
}

function isSameFile(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a), statSync(b)];
    return one.ino === other.ino && one.dev === other.dev;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new Fatal(`unable to read ${a}: ${errorText(error)}`);
  }
}

/** The bytes of a file; undefined where there is none. */
function open(path: string): Uint8Array | undefined {
  const file = new MappedFile(path);
  const bytes = file.current();
  if (!bytes && errorCode(file.error) !== 'ENOENT') {
    throw new Fatal(`unable to read ${path}: ${errorText(file.error)}`);
  }
  return bytes;
}
