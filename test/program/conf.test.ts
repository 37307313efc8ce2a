// The -conf programs against djbdns's own: the trees they create, the order, and what they refuse.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { command, find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';

/** Arguments after `acct logacct`, `DIR` and `TINY` standing for directories. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'tinydns-conf': ['DIR', '127.44.0.1'],
  'axfrdns-conf': ['DIR', 'TINY', '127.44.0.1'],
  'rbldns-conf': ['DIR', '127.44.0.1', 'rbl.example'],
  'walldns-conf': ['DIR', '127.44.0.1'],
  'dnscache-conf': ['DIR', '127.44.0.1'],
};

const USAGE: Readonly<Record<string, string>> = {
  'tinydns-conf': 'acct logacct /tinydns myip',
  'axfrdns-conf': 'acct logacct /axfrdns /tinydns myip',
  'rbldns-conf': 'acct logacct /rbldns myip base',
  'walldns-conf': 'acct logacct /walldns myip',
  'pickdns-conf': 'acct logacct /pickdns myip',
  'dnscache-conf': 'acct logacct /dnscache [ myip ]',
};

/** The differences that are meant: the memory limit, the list of root servers, and the seed, which is random. */
function comparable(path: string, content: string): string {
  if (path === 'seed') return `${content.length} octets`;
  if (path === 'env/DATALIMIT') return 'limit\n';
  if (path === 'root/servers/@') return `${content.trimEnd().split('\n').length} addresses`;
  return path === 'run' ? content.replace(/softlimit -d[0-9]+ /, 'softlimit -dLIMIT ') : content;
}

/** Every path below `directory` with type, mode, owner and content. */
function tree(directory: string, below = ''): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(join(directory, below)).sort()) {
    const path = join(below, name);
    const status = lstatSync(join(directory, path));
    const head = `${path} ${(status.mode & 0o7777).toString(8)} ${status.uid}:${status.gid}`;
    if (status.isDirectory()) lines.push(`${head} directory`, ...tree(directory, path));
    else lines.push(`${head} ${JSON.stringify(comparable(path, readFileSync(join(directory, path), 'latin1')))}`);
  }
  return lines;
}

function fill(args: readonly string[], directory: string): string[] {
  return args.map((arg) => (arg === 'DIR' ? directory : arg === 'TINY' ? '/service/tinydns' : arg));
}

for (const [program, rest] of Object.entries(PROGRAMS)) {
  const skip = needs('root', program, 'strace');

  test(`${program} creates what djbdns's own creates, but for the memory limit`, { skip }, () => {
    const directory = join(temporaryDirectory(), 'service');
    const args = ['nobody', 'daemon', ...fill(rest, directory)];
    const peer = run(find(program) as string, args);
    assert.deepEqual([peer.code, peer.stderr], [0, '']);
    const expected = tree(directory);
    const mode = lstatSync(directory).mode;
    run('/bin/rm', ['-r', directory]);
    const ours = run(program, ['--bindir', '/usr/sbin', ...args]);
    assert.deepEqual(
      [ours.code, ours.stdout.toString().replace(/^root servers from .*\n$/, ''), ours.stderr],
      [0, '', ''],
    );
    assert.deepEqual(tree(directory), expected);
    assert.equal(lstatSync(directory).mode, mode);
  });

  test(`${program} creates in the order of djbdns's own, and syncs every file`, { skip }, () => {
    const directory = join(temporaryDirectory(), 'service');
    const steps = (path: string, first: readonly string[]): string[] => {
      const { stderr } = run('/usr/bin/strace', [
        '-f',
        '-e',
        'trace=mkdir,open,openat,fsync',
        path,
        ...first,
        'nobody',
        'daemon',
        ...fill(rest, directory),
      ]);
      // Node itself syncs descriptors 1 and 2 when it ends, which fails for pipes.
      const found = [
        ...stderr.matchAll(/(mkdir|open|openat)\((?:AT_FDCWD, )?"([^"]*)"(.*)|fsync\(\d+\)? *(?:= 0|<unfi)/g),
      ];
      const made = found.filter(
        ([line, call, , flags]) => line.startsWith('fsync') || call === 'mkdir' || /O_CREAT/.test(flags ?? ''),
      );
      run('/bin/rm', ['-r', directory]);
      return made.map(([, call, name]) =>
        call ? `${call[0]} ${(name as string).replace(`${directory}/`, '')}` : 'fsync',
      );
    };
    assert.deepEqual(steps(command(program), []), steps(find(program) as string, []));
  });

  test(`${program} refuses in djbdns's words`, { skip }, () => {
    const base = temporaryDirectory();
    writeFileSync(join(base, 'file'), '');
    mkdirSync(join(base, 'there'));
    const [, ...more] = fill(rest, '');
    const cases = [
      [],
      ['nobody'],
      ['nobody', 'daemon'],
      ['nobody', 'daemon', 'relative', ...more],
      ['nobody', 'daemon', '', ...more],
      ['nobody', 'no-such-account', join(base, 'new'), ...more],
      ['nobody', '', join(base, 'new'), ...more],
      ['nobody', 'daemon', join(base, 'there'), ...more],
      ['nobody', 'daemon', join(base, 'no', 'parent'), ...more],
      ['nobody', 'daemon', join(base, 'file', 'below'), ...more],
      ['nobody', 'daemon', join(base, 'x'.repeat(300)), ...more],
    ];
    if (program !== 'dnscache-conf') cases.push(['nobody', 'daemon', join(base, 'new'), ...more.slice(1)]);
    for (const args of cases) {
      const [ours, peer] = [run(program, args), run(find(program) as string, args)];
      assert.deepEqual([ours.code, ours.stderr], [peer.code, peer.stderr], args.join(' '));
    }
    assert.ok(!existsSync(join(base, 'new')));
  });
}

test('dnscache-conf --edns offers servers 1232 octets; without it there is no such variable', {
  skip: needs('root'),
}, () => {
  for (const options of [[], ['--edns']]) {
    const directory = join(temporaryDirectory(), 'dnscache');
    assert.equal(run('dnscache-conf', [...options, 'nobody', 'daemon', directory]).code, 0);
    const file = join(directory, 'env/EDNS');
    assert.equal(existsSync(file) && readFileSync(file, 'utf8'), options.length > 0 && '1232\n');
  }
});

test('dnscache-conf without an address listens on 127.0.0.1', { skip: needs('root') }, () => {
  const directory = join(temporaryDirectory(), 'dnscache');
  assert.equal(run('dnscache-conf', ['nobody', 'daemon', directory]).code, 0);
  assert.equal(readFileSync(join(directory, 'env/IP'), 'latin1'), '127.0.0.1\n');
  const seed = readFileSync(join(directory, 'seed'));
  assert.equal(seed.length, 128);
  assert.ok(new Set(seed).size > 50, 'the seed is not random');
});

/**
 * Runs dnscache-conf where /etc holds nothing but the accounts and `files`; undefined where that cannot be arranged.
 */
function withEtc(
  files: Readonly<Record<string, string>>,
  changed = new Date(),
): { code: number | null; stdout: string; stderr: string; list: string } | undefined {
  const base = temporaryDirectory();
  mkdirSync(`${base}/etc`);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(`${base}/etc/${name}`, content);
    utimesSync(`${base}/etc/${name}`, changed, changed);
  }
  const script =
    'cp /etc/passwd /etc/group "$0/etc" && mount --bind "$0/etc" /etc && exec "$1" --bindir /opt/bin nobody daemon "$0/dnscache"';
  if (run('/usr/bin/unshare', ['-m', '/bin/true']).code !== 0) return undefined;
  const args = ['-m', '/bin/sh', '-c', script, base, command('dnscache-conf')];
  const { code, stdout, stderr } = run('/usr/bin/unshare', args);
  const list = existsSync(`${base}/dnscache/root/servers/@`) ? `${base}/dnscache/root/servers/@` : '';
  return { code, stdout: stdout.toString(), stderr, list: list && readFileSync(list, 'latin1') };
}

test("the administrator's list of root servers comes before the newer of the system's and ours", {
  skip: needs('root', 'unshare'),
}, (t) => {
  const both = withEtc({ 'dnsroots.local': '127.0.0.9\n', 'dnsroots.global': '127.0.0.8\nodd\n' });
  if (!both) return t.skip('no mount namespaces here');
  const stdout = 'root servers from /etc/dnsroots.local\n';
  assert.deepEqual(both, { code: 0, stdout, stderr: '', list: '127.0.0.9\n' });
  assert.equal(withEtc({ 'dnsroots.global': '127.0.0.8\nodd\n' })?.list, '127.0.0.8\nodd\n');
  assert.equal(withEtc({ 'dnsroots.local': '' })?.list, '');
  const own = readFileSync(`${repository}/share/dnsroots.global`, 'latin1');
  assert.equal(withEtc({})?.list, own);
  const old = withEtc({ 'dnsroots.global': '127.0.0.8\n' }, new Date('2021-11-15'));
  assert.deepEqual([old?.list, old?.stdout], [own, `root servers from ${repository}/share/dnsroots.global\n`]);
});

test('the shipped list has the thirteen root servers', () => {
  const list = readFileSync(`${repository}/share/dnsroots.global`, 'latin1').trimEnd().split('\n');
  assert.equal(list.length, 13);
  for (const line of list) assert.match(line, /^(\d{1,3}\.){3}\d{1,3}$/);
});

test('pickdns-conf creates the tree of rbldns-conf without a base', { skip: needs('root') }, () => {
  const base = temporaryDirectory();
  const [pick, rbl] = [join(base, 'pick'), join(base, 'rbl')];
  assert.equal(run('pickdns-conf', ['nobody', 'daemon', pick, '127.44.0.1']).code, 0);
  assert.equal(run('rbldns-conf', ['nobody', 'daemon', rbl, '127.44.0.1', 'b']).code, 0);
  const expected = tree(rbl).filter((line) => !line.startsWith('env/BASE'));
  assert.deepEqual(
    tree(pick),
    expected.map((line) => line.replaceAll('rbldns', 'pickdns').replaceAll('/rbl/', '/pick/')),
  );
});

for (const [program, synopsis] of Object.entries(USAGE)) {
  test(`${program} without arguments shows its usage`, () => {
    const { code, stderr } = run(program, []);
    assert.deepEqual([code, stderr], [100, `${program}: usage: ${program} ${synopsis}\n`]);
  });

  test(`${program} refuses what a shell would interpret, and creates nothing`, { skip: needs('root') }, () => {
    const directory = join(temporaryDirectory(), 'service');
    const rest = [directory, '/tiny', '127.0.0.1', 'base'];
    if (program !== 'axfrdns-conf') rest.splice(1, 1);
    for (const account of [
      'a b',
      'a;b',
      '$(id)',
      '`id`',
      "a'b",
      'a"b',
      '~root',
      'a&b',
      'a|b',
      '#a',
      'a*',
      '',
      'a\nb',
    ]) {
      const { code, stderr } = run(program, [account, 'daemon', ...rest]);
      assert.equal(code, 100, account);
      assert.match(stderr, /^[a-z]+-conf: fatal: unable to use ".*" in a run script: the shell would interpret it\n$/);
    }
    const { code, stderr } = run(program, ['nobody', 'daemon', `${directory}\n`, ...rest.slice(1)]);
    assert.equal(code, 100);
    assert.match(stderr, /: envdir would not pass it on as it is\n$/);
    assert.equal(run(program, ['--bindir', '/opt/a b', 'nobody', 'daemon', ...rest]).code, 100);
    assert.equal(run(program, ['--bindir', 'bin', 'nobody', 'daemon', ...rest]).code, 100);
    assert.ok(!existsSync(directory));
  });
}

test('run scripts name the folder that the program was called from, the last link not followed', {
  skip: needs('root'),
}, () => {
  const base = temporaryDirectory();
  mkdirSync(join(base, 'bin'));
  symlinkSync(command('tinydns-conf'), join(base, 'bin/tinydns-conf'));
  const path = `${join(base, 'bin')}:${process.env['PATH']}`;
  const { code } = run('/bin/sh', ['-c', `tinydns-conf nobody daemon ${base}/t 127.44.0.1`], { env: { PATH: path } });
  assert.equal(code, 0);
  assert.match(readFileSync(join(base, 't/run'), 'latin1'), new RegExp(` ${base}/bin/tinydns\n$`));
  assert.equal(readFileSync(join(base, 't/root/Makefile'), 'latin1'), `data.cdb: data\n\t${base}/bin/tinydns-data\n`);
});

test('an account that is not there yet, and a folder of programs that does not last, are warned of', {
  skip: needs('root', 'cp'),
}, () => {
  const base = temporaryDirectory();
  const conf = (name: string, ...args: string[]) => run('tinydns-conf', [...args, 'daemon', `${base}/${name}`, '::1']);
  const account = conf('a', '--bindir', '/opt/bin', 'nosuch');
  const words = 'unknown account nosuch: the service does not start before there is one';
  assert.deepEqual([account.code, account.stderr], [0, `tinydns-conf: warning: ${words}\n`]);
  const advice = 'install them elsewhere, or name that place by --bindir';
  const checkout = conf('b', 'nobody');
  const program = `the scripts call programs in ${repository}/command, which builds replace`;
  assert.deepEqual([checkout.code, checkout.stderr], [0, `tinydns-conf: warning: ${program}: ${advice}\n`]);

  // As npx has it: the package in a folder of its own, links beside it.
  const modules = `${base}/_npx/0123/node_modules`;
  mkdirSync(`${modules}/.bin`, { recursive: true });
  mkdirSync(`${modules}/djbdns-ts/dist`, { recursive: true });
  for (const part of ['package.json', 'dist/bin', 'dist/src']) {
    run('/bin/cp', ['-R', `${repository}/${part}`, `${modules}/djbdns-ts/${part}`]);
  }
  symlinkSync(`${repository}/node_modules/koffi`, `${modules}/koffi`);
  symlinkSync(`${repository}/node_modules/commander`, `${modules}/commander`);
  symlinkSync(`${repository}/node_modules/@koromix`, `${modules}/@koromix`);
  for (const name of ['djbdns-ts', 'tinydns', 'tinydns-conf']) {
    symlinkSync(`../djbdns-ts/dist/bin/${name}.js`, `${modules}/.bin/${name}`);
  }
  const npx = run(`${modules}/.bin/djbdns-ts`, ['tinydns-conf', 'nobody', 'daemon', `${base}/c`, '::1']);
  const removed = `the scripts call programs in ${modules}/.bin, which a package manager may remove`;
  assert.deepEqual([npx.code, npx.stderr], [0, `tinydns-conf: warning: ${removed}: ${advice}\n`]);
  assert.match(readFileSync(`${base}/c/run`, 'latin1'), new RegExp(` ${modules}/.bin/tinydns\n$`));
});

test('arguments are kept to the octet', { skip: needs('root') }, () => {
  const base = temporaryDirectory();
  const script = `exec "$0" nobody daemon "${base}/$(printf '\\351')" 127.0.0.1 "$(printf 'b\\377\\303\\251')"`;
  assert.equal(run('/bin/sh', ['-c', script, command('rbldns-conf')]).code, 0);
  const directory = Buffer.from(`${base}/\xe9`, 'latin1');
  const read = (name: string): string => readFileSync(Buffer.concat([directory, Buffer.from(name)]), 'latin1');
  assert.equal(read('/env/ROOT'), `${base}/\xe9/root\n`);
  assert.equal(read('/env/BASE'), 'b\xff\xc3\xa9\n');
});

test('accounts are found where libc cannot be reached too', { skip: needs('root') }, () => {
  const base = temporaryDirectory();
  const owner = (name: string, env: Record<string, string>): string => {
    assert.equal(run('walldns-conf', ['nobody', 'daemon', `${base}/${name}`, '127.44.0.1'], { env }).code, 0);
    const { uid, gid } = lstatSync(`${base}/${name}/log/main`);
    return `${uid}:${gid}`;
  };
  assert.equal(owner('plain', { DJBDNS_PLAIN: '1' }), owner('libc', {}));
  const { code, stderr } = run('walldns-conf', ['a', 'nosuch', `${base}/x`, 'b'], { env: { DJBDNS_PLAIN: '1' } });
  assert.deepEqual([code, stderr], [111, 'walldns-conf: fatal: unknown account nosuch\n']);
});

test('without root a log directory can only belong to oneself', { skip: needs('root', 'setuidgid') }, () => {
  const base = temporaryDirectory();
  chmodSync(base, 0o777);
  const as = (...args: string[]) =>
    run('/usr/bin/setuidgid', ['nobody', command('tinydns-conf'), '--bindir', '/opt/bin', ...args]);
  assert.equal(as('nobody', 'nobody', `${base}/own`, '127.44.0.1').code, 0);
  const { code, stderr } = as('nobody', 'daemon', `${base}/other`, '127.44.0.1');
  assert.equal(code, 111);
  assert.equal(stderr, `tinydns-conf: fatal: unable to create ${base}/other/log/main: permission denied\n`);
  assert.ok(existsSync(`${base}/other/log/main`), 'what was made until then stays');
});
