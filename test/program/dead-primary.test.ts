// A primary that does not answer: few questions go there, however many zones it has, and the zones of others do not
// wait. `make bench-secondary` has the figures for thousands of zones.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { QuestionPace } from '../../src/program/question-pace.ts';
import {
  Asker,
  DataPrimary,
  newGetdSite,
  SITE_PORT,
  startGetd,
  startTinydns,
  untilServed,
} from '../support/getd-site.ts';
import { until } from '../support/programs.ts';

test('three may ask where nothing comes back; after an answer all may, as fast as the rate allows', async () => {
  const pace = new QuestionPace(1000);
  let turns = 0;
  for (let i = 0; i < 50; i++) void pace.turn().then(() => turns++);
  await sleep(100);
  assert.equal(turns, 3);
  pace.over();
  await until(() => turns === 4);
  pace.answered();
  await until(() => turns === 50);
});

test('more may wait for a turn than have it within a second, and it is said', () => {
  const pace = new QuestionPace(10);
  assert.ok(!pace.isCrowded);
  for (let i = 0; i < 20; i++) void pace.turn();
  assert.ok(pace.isCrowded);
});

test('a dead primary of forty zones gets a few questions; changes of a living one are served', async () => {
  const [living, dead, getdIp, server] = ['127.64.0.1', '127.64.0.2', '127.64.0.3', '127.64.0.4'];
  const zones = Array.from({ length: 80 }, (_, i) => `zone${i}.test`);
  const write = (primary: DataPrimary, serial: number): void =>
    primary.write(
      zones
        .map(
          (zone) =>
            `Z${zone}:a.ns.${zone}.:h.${zone}.:${serial}:3600:60:100000:300\n&${zone}:192.0.2.1:a.ns.${zone}.\n`,
        )
        .join(''),
    );
  const site = newGetdSite();
  const primary = new DataPrimary();
  write(primary, 1);
  for (const zone of zones) writeFileSync(`${site.root}/servers/${zone}`, `${living}:${SITE_PORT}\n`);
  const axfrdns = primary.start(living);
  const tinydns = startTinydns(site, server);
  await axfrdns.logged(/starting axfrdns/);
  const first = startGetd(site, getdIp);
  const asker = await Asker.from(living);
  await untilServed(asker, server, zones, 1);
  await first.stop();

  const hole = createSocket('udp4');
  let questions = 0;
  hole.on('message', () => questions++);
  hole.bind(SITE_PORT, dead);
  await once(hole, 'listening');
  const silent = createServer(() => {});
  silent.listen(SITE_PORT, dead);
  await once(silent, 'listening');
  for (const zone of zones.slice(40)) writeFileSync(`${site.root}/servers/${zone}`, `${dead}:${SITE_PORT}\n`);
  const getd = startGetd(site, getdIp);
  await until(() => (getd.log().match(/^same /gm)?.length ?? 0) === 40);
  write(primary, 2);
  const changed = zones.slice(0, 40);
  for (const zone of changed) assert.ok(await asker.notify(getdIp, zone));
  await untilServed(asker, server, changed, 2);
  // Each of three zones asks at 0, 2 and 5 seconds.
  assert.ok(questions >= 3 && questions <= 9, `${questions} questions to the dead primary`);
  hole.close();
  silent.close();
  asker.close();
  for (const process of [getd, tinydns, axfrdns]) await process.stop();
});
