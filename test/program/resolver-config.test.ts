// When a client's configuration is read anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import { ResolverConfig } from '../../src/program/resolver-config.ts';

test('the configuration is read again after ten minutes or ten thousand uses', () => {
  let reads = 0;
  const config = new ResolverConfig({
    dnsCacheIp: bytesOf('127.0.0.1'),
    dnsRewriteFile: bytesOf(''), // a file that does not exist
    get localDomain() {
      reads++;
      return bytesOf('a');
    },
    hostname: () => 'x',
  });
  const use = (now: number, times: number) => {
    for (let i = 0; i < times; i++) config.rewriteRules(now);
    return reads;
  };
  const once = use(0, 1);
  assert.equal(use(599, 9999), once);
  assert.equal(use(599, 1), 2 * once);
  assert.equal(use(1198, 5), 2 * once);
  assert.equal(use(1199, 1), 3 * once);
});
