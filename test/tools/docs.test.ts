// The documentation holds together: links lead somewhere, programs that are spoken of exist.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../support/programs.ts';

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(`${repository}/docs`).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md') && existsSync(`${repository}/${name}`));

for (const page of pages) {
  test(`the links of ${page} lead somewhere`, () => {
    const text = readFileSync(`${repository}/${page}`, 'utf8');
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(target as string)) continue;
      assert.ok(existsSync(join(repository, dirname(page), target as string)), target);
    }
  });
}

const { bin } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as { bin: Record<string, string> };

test('the pages that a page refers to exist', () => {
  const foreign = ['tcpserver', 'tcpclient', 'multilog', 'supervise', 'svscan', 'rsync', 'djbdns'];
  for (const page of readdirSync(`${repository}/docs/programs`)) {
    const text = readFileSync(`${repository}/docs/programs/${page}`, 'utf8');
    const also = /^## See also\n\n([\s\S]*)/m.exec(text)?.[1] ?? '';
    for (const word of also.replace(/\([^)]*\)|[`.*]/g, '').split(/[,\s]+/)) {
      if (word !== '' && !word.includes('/')) assert.ok(bin[word] || foreign.includes(word), `${page}: ${word}`);
    }
  }
});

test('differences.md speaks of programs that exist', () => {
  const text = readFileSync(`${repository}/docs/differences.md`, 'utf8');
  const sections = [...text.matchAll(/^## (.*)$/gm)].flatMap((match) => (match[1] as string).split(', '));
  assert.ok(sections.length > 5);
  for (const name of sections) assert.ok(bin[name] || / /.test(name), name);
});

for (const page of ['CONTRIBUTING.md', 'README.md', 'docs/architecture.md']) {
  test(`the files that ${page} names are there`, () => {
    const text = readFileSync(`${repository}/${page}`, 'utf8');
    const names = [...text.matchAll(/`((?:[a-z0-9.-]+\/)+[a-z0-9.-]*\.(?:ts|sh|md))`/g)].map(
      (match) => match[1] as string,
    );
    assert.ok(names.length > 0);
    for (const name of names) {
      assert.ok(
        [name, `src/${name}`].some((path) => existsSync(`${repository}/${path}`)),
        name,
      );
    }
  });
}

for (const page of ['README.md', 'docs/djbdns.md']) {
  test(`${page} names every program`, () => {
    const text = readFileSync(`${repository}/${page}`, 'utf8');
    for (const name of Object.keys(bin)) assert.ok(text.includes(`\`${name}\``) || text.includes(`npx ${name}`), name);
  });
}

test('the figures of README.md are those of docs/performance.md', () => {
  const page = readFileSync(`${repository}/docs/performance.md`, 'utf8');
  const readme = readFileSync(`${repository}/README.md`, 'utf8');
  /** A row's numbers; the first row of that name below the heading. */
  const row = (heading: string, name: string): number[] => {
    const lines = page.slice(page.indexOf(`\n## ${heading}`)).split('\n');
    const cells = (lines.find((line) => line.startsWith(`| ${name} |`)) ?? '').split('|').slice(2, -1);
    return cells.map(Number);
  };
  const ratios: [string, number, number][] = [
    ['C tinydns', row('tinydns', 'tinydns')[0]!, row('tinydns', 'C tinydns')[0]!],
    ['NSD', row('tinydns', 'tinydns')[0]!, row('tinydns', 'NSD')[0]!],
    ['Knot', row('tinydns', 'tinydns')[0]!, row('tinydns', 'Knot')[0]!],
    ['C tinydns-data', row('Compiling', 'tinydns-data')[0]!, row('Compiling', 'tinydns-data')[2]!],
    ['C axfrdns', row('Compiling', 'axfrdns')[0]!, row('Compiling', 'axfrdns')[2]!],
  ];
  for (const column of [0, 2]) {
    for (const peer of ['C dnscache', 'Unbound']) {
      ratios.push([peer, row('dnscache', 'dnscache')[column]!, row('dnscache', peer)[column]!]);
    }
  }
  const stated = [...readme.matchAll(/(C [a-z-]+|NSD|Knot|Unbound) x (\d\.\d+)/g)];
  assert.equal(stated.length, ratios.length);
  for (const [, peer, ratio] of stated) {
    const measured = ratios.filter(([name]) => name === peer).map(([, ours, theirs]) => ours / theirs);
    assert.ok(
      measured.some((each) => Math.abs(each - Number(ratio)) < 0.06),
      `${peer} x ${ratio}: measured ${measured.map((each) => each.toFixed(2)).join(', ')}`,
    );
  }
});
