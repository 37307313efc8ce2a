// Transfers over TLS (RFC 9103), with BIND: a zone of its, fetched from a server that proves its name, and a zone of
// ours; with NSD: a zone of ours. NSD 4.6 as a server selects no ALPN, so nothing is asked of it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startNsd } from '../support/name-servers.ts';
import { find, needs, type Running, run, start, temporaryDirectory, untilSo } from '../support/programs.ts';
import { zoneData } from '../support/transfer.ts';

const HOST = 'ns.tls.test';
function content(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** NSD as a server over TLS of n.test, and copying b.test from us over TLS. */
function nsdClauses(folder: string): string {
  return `server:
  tls-port: 8853
  tls-service-key: "${folder}/key.pem"
  tls-service-pem: "${folder}/cert.pem"
  tls-cert-bundle: "${folder}/cert.pem"
tls-auth:
  name: "ours"
  auth-domain-name: "${HOST}"
zone:
  name: "n.test"
  zonefile: "n.zone"
  provide-xfr: 0.0.0.0/0 NOKEY
zone:
  name: "b.test"
  zonefile: "b.nsd"
  request-xfr: 127.47.0.53@853 NOKEY ours
`;
}

describe('transfers over TLS', { skip: needs('root', 'named', 'nsd', 'openssl') }, () => {
  const folder = temporaryDirectory();
  const root = `${folder}/getd`;
  const running: Running[] = [];
  let named: Running;
  let nsd: Running;
  let getd: Running;
  const logs = (): string => running.map((server) => server.log().slice(-3000)).join('\n---\n');

  before(async () => {
    for (const name of ['servers', 'tsig', 'zones', 'held', 'tmp']) mkdirSync(`${root}/${name}`, { recursive: true });
    const certificate = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    const made = run(find('openssl')!, [
      ...certificate,
      ...['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`],
      ...['-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`],
    ]);
    assert.equal(made.code, 0, made.stderr);
    writeFileSync(`${folder}/a.test.zone`, '$TTL 300\n@ SOA ns h 1 3600 60 100000 300\n@ NS ns\nns A 127.0.0.1\n');
    writeFileSync(
      `${folder}/named.conf`,
      `tls own { cert-file "${folder}/cert.pem"; key-file "${folder}/key.pem"; };
      tls ours { ca-file "${folder}/cert.pem"; remote-hostname "${HOST}"; };
      options { directory "${folder}"; pid-file none; session-keyfile none; lock-file none;
        managed-keys-directory "${folder}"; listen-on port 5320 { 127.0.0.1; };
        listen-on port 8853 tls own { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no;
        notify no; };
      controls { };
      zone "a.test" { type primary; file "a.test.zone"; allow-transfer transport tls { any; }; };
      zone "b.test" { type secondary; file "b.copy"; masterfile-format text;
        primaries { 127.47.0.53 port 853 tls ours; }; };`,
    );
    writeFileSync(`${folder}/data`, zoneData('b.test', 50, 7));
    assert.equal(run('tinydns-data', [], { cwd: folder }).stderr, '');
    run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: folder, input: Buffer.from(':allow\n') });
    const env = { ROOT: folder, UNPRIVILEGED: '1', IP: '127.47.0.53' };
    const pem = { TLSCERT: `${folder}/cert.pem`, TLSKEY: `${folder}/key.pem` };
    const axfrdns = start('axfrdns', ['--listen', '--tls'], { cwd: folder, env: { ...env, ...pem } });
    running.push(axfrdns);
    await axfrdns.logged(/starting axfrdns/);
    named = start(find('named')!, ['-g', '-n', '1', '-c', `${folder}/named.conf`], { cwd: folder });
    running.push(named);
    await named.logged(/running/);
    writeFileSync(`${folder}/n.zone`, readFileSync(`${folder}/a.test.zone`));
    nsd = startNsd(folder, { ip: '127.47.0.60', port: 8853 }, nsdClauses(folder));
    running.push(nsd);
    await nsd.logged(/nsd started/);
    writeFileSync(`${root}/servers/n.test`, `127.47.0.60:8853 tls=${HOST}\n`);
    writeFileSync(`${root}/servers/a.test`, `127.0.0.1:8853 tls=${HOST}\n`);
    writeFileSync(`${root}/servers/wrong.test`, '127.0.0.1:8853 tls=other.test\n');
    getd = start('axfr-getd', [], {
      cwd: folder,
      env: {
        ROOT: root,
        UNPRIVILEGED: '1',
        IP: '127.47.0.54',
        PORT: '5353',
        IPSEND: '0.0.0.0',
        TLSCA: `${folder}/cert.pem`,
      },
    });
    running.push(getd);
  });
  after(async () => {
    for (const server of running) await server.stop();
  });

  test('a zone comes from BIND over TLS, from a server that proves its name', async () => {
    await untilSo('the copy', () => content(`${root}/zones/a.test`).startsWith('#1 '), logs);
    await untilSo('the other name', () => /^fail wrong\.test 127\.0\.0\.1:8853 tls: name$/m.test(getd.log()), logs);
  });

  test('BIND copies a zone of ours over TLS', async () => {
    await untilSo('the copy', () => content(`${folder}/b.copy`).includes('host'), logs);
  });

  test('NSD copies a zone of ours over TLS', async () => {
    await untilSo('the copy', () => /zone b\.test serial 0 is updated to 7/.test(nsd.log()), logs);
  });

  test('a server that selects no ALPN is told nothing of a zone', async () => {
    await untilSo('its line', () => /^fail n\.test 127\.47\.0\.60:8853 tls: no ALPN$/m.test(getd.log()), logs);
    assert.equal(content(`${root}/zones/n.test`), '');
  });
});
