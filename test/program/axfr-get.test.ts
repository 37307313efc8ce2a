// axfr-get as a process: arguments, descriptors that are not there, files that cannot be read or written.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { command, run, runBeside, temporaryDirectory } from '../support/programs.ts';
import { axfrdns, framedQuery, zoneData } from '../support/transfer.ts';

const ZONE = 'get.test';
const root = temporaryDirectory();
writeFileSync(`${root}/data`, zoneData(ZONE, 20, 9));
run('tinydns-data', [], { cwd: root });
const stream = axfrdns(root, Buffer.concat([framedQuery(ZONE, 'SOA'), framedQuery(ZONE, 'AXFR')])).stdout;

/** Runs axfr-get from sh with `redirections`; the stream is in the file `in`. */
function axfrGet(args: string, redirections: string, directory = temporaryDirectory()) {
  writeFileSync(`${directory}/in`, stream);
  const { code, stderr } = run('/bin/sh', ['-c', `exec '${command('axfr-get')}' ${args} ${redirections}`], {
    cwd: directory,
  });
  return { code, stderr, directory };
}

test('arguments are checked in the order of the original', () => {
  const usage = 'axfr-get: usage: axfr-get zone fn fn.tmp\n';
  const cases: readonly (readonly [args: string, code: number, stderr: string])[] = [
    ['', 100, usage],
    [ZONE, 100, usage],
    [`${ZONE} z`, 100, usage],
    ['x'.repeat(64), 111, 'axfr-get: fatal: unable to generate AXFR query: protocol error\n'],
    [`${ZONE} z z.tmp nowhere`, 111, 'axfr-get: fatal: unable to parse IP address nowhere\n'],
    [`${ZONE} z z.tmp 1.2.3.4:x`, 111, 'axfr-get: fatal: unable to parse IP address 1.2.3.4:x\n'],
    [
      `${ZONE} z z.tmp 127.43.7.1:5300`,
      111,
      'axfr-get: fatal: unable to connect to 127.43.7.1 port 5300: connection refused\n',
    ],
  ];
  for (const [args, code, stderr] of cases) {
    const got = axfrGet(args, '6<in 7>sent');
    assert.deepEqual([got.code, got.stderr], [code, stderr], args);
  }
});

test('what a server says when it refuses stands behind the words of the original, where we connect ourselves', async () => {
  const protocolError = 'axfr-get: fatal: unable to parse AXFR results: protocol error';
  for (const [rcode, words] of [
    [0, ''],
    [5, ': the server says REFUSED'],
    [9, ': the server says NOTAUTH'],
  ] as const) {
    const refusal = Buffer.concat([Buffer.of(0, 12, 0, 0, 0x80, rcode), Buffer.alloc(8)]);
    const server = createServer((socket) => socket.on('error', () => {}).end(refusal));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const got = await runBeside('axfr-get', [ZONE, 'z', 'z.tmp', `127.0.0.1:${port}`], { cwd: temporaryDirectory() });
    server.close();
    assert.deepEqual([got.code, got.stderr], [111, `${protocolError}${words}\n`]);

    const directory = temporaryDirectory();
    writeFileSync(`${directory}/refusal`, refusal);
    assert.equal(axfrGet(`${ZONE} z z.tmp`, '6<refusal 7>sent', directory).stderr, `${protocolError}\n`);
  }
});

test('a descriptor that nobody opened is reported, not taken for one of our own', () => {
  const missing = 'file descriptor not open\n';
  const cases: readonly (readonly [redirections: string, stderr: string])[] = [
    ['', `axfr-get: fatal: unable to write to network: ${missing}`],
    ['6<in', `axfr-get: fatal: unable to write to network: ${missing}`],
    ['7>sent', `axfr-get: fatal: unable to read from network: ${missing}`],
    ['6>&- 7>&-', `axfr-get: fatal: unable to write to network: ${missing}`],
  ];
  for (const [redirections, stderr] of cases) {
    const got = axfrGet(`${ZONE} z z.tmp`, redirections);
    assert.deepEqual([got.code, got.stderr], [111, stderr], redirections);
  }
});

test('files that cannot be read, written or replaced are reported with their names', () => {
  const cases: readonly (readonly [args: string, stderr: string])[] = [
    ['folder z.tmp', 'unable to read folder: is a directory'],
    ['z folder', 'unable to write folder: is a directory'],
    ['z no/z.tmp', 'unable to write no/z.tmp: file does not exist'],
    ['no/z z.tmp', 'unable to move z.tmp to no/z: file does not exist'],
  ];
  for (const [args, stderr] of cases) {
    const directory = temporaryDirectory();
    mkdirSync(`${directory}/folder`);
    const got = axfrGet(`${ZONE} ${args}`, '6<in 7>sent', directory);
    assert.deepEqual([got.code, got.stderr], [111, `axfr-get: fatal: ${stderr}\n`], args);
  }
});

test('names with octets that are no UTF-8 are the names of the files', () => {
  const { code, stderr, directory } = axfrGet(`${ZONE} "$(printf 'z\\351')" "$(printf 'tmp\\377')"`, '6<in 7>sent');
  assert.deepEqual([code, stderr], [0, '']);
  const name = Buffer.concat([Buffer.from(`${directory}/z`), Buffer.from([0o351])]);
  assert.match(readFileSync(name, 'latin1'), /^#9 auto axfr-get\nZget\.test:/);
});

test('what comes back from tinydns-data is what was sent', () => {
  const { directory } = axfrGet(`${ZONE} data z.tmp`, '6<in 7>sent');
  assert.equal(run('tinydns-data', [], { cwd: directory }).code, 0);
  assert.deepEqual(
    axfrdns(directory, framedQuery(ZONE, 'AXFR')).stdout,
    axfrdns(root, framedQuery(ZONE, 'AXFR')).stdout,
  );
});
