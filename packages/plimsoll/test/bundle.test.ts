import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { bundlePreload } from '../../../scripts/bundle-preload.mjs';
import { autoPath, serveOnce, serviceSource, temporaryFolder } from './service.ts';

test('as published, the preload is 3 files that need no other package, and arms a service both ways', async () => {
  const folder = temporaryFolder();
  const dist = join(folder, 'node_modules', 'plimsoll', 'dist');
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, '..', 'package.json'), '{"name":"plimsoll","type":"module"}');
  await bundlePreload(dist);
  expect(readdirSync(dist)).toHaveLength(3);
  cpSync(join(autoPath, '..', 'preload.cjs'), join(dist, 'preload.cjs'));
  writeFileSync(join(folder, 'service.mjs'), serviceSource);
  const env = { PATH: process.env['PATH'], PLIMSOLL_INCIDENT_DIR: join(folder, 'incidents') };
  const ways = [
    `--import=${pathToFileURL(join(dist, 'auto.bundle.js')).href}`,
    `--require=${join(dist, 'preload.cjs')}`,
  ];
  for (const way of ways) {
    const outcome = await serveOnce([way, join(folder, 'service.mjs')], { env });
    expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'armed' }] });
  }
});
