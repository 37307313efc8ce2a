// Local data and fetched zones in one data.cdb, edited, made, fetched and published at once for a chosen time
// (test/support/local-and-fetched.ts); a few seconds of it are test/program/axfr-getd-local.test.ts.
//
//     node dist/soak/publications.js [seconds]
//
// What does not hold ends it with what it is, and exit code 1.
import { localAndFetched } from '../test/support/local-and-fetched.ts';

const seconds = Number(process.argv[2] || 60);
const { edits, files, publications, changes } = await localAndFetched(seconds, {
  primary: '127.63.1.1',
  getd: '127.63.1.2',
});
console.log(`${edits} edits, each made; ${publications} publications, ${changes} fetched zones with another serial`);
console.log(`${files} versions of data.cdb: each had all that was made and fetched; local serials were times of edits`);
