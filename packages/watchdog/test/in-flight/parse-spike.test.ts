import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../../test/cgroup.ts';
import { readIncident } from '../../src/incident/incident-record.ts';
import { listIncidents } from '../../src/incident/incident-store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const importer = join(import.meta.dirname, 'programs', 'importer.mjs');
const onceMore = join(import.meta.dirname, '..', 'deaths', 'programs', 'once-more.mjs');

describeWithCgroup('a JSON.parse spike in 256 MiB', () => {
  test('a body of 48 MiB that is parsed at once kills the process; its incident names the request, and nothing of its URL', async () => {
    const incidentDir = temporaryFolder();
    using group = createMemoryGroup(mib(256));
    const child = group.spawn(process.execPath, [importer, incidentDir], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const closed = once(child, 'close');
    const [port] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const rows = Array.from({ length: mib(48) / 8 }, () => '{"a":1}');
    const body = `[${rows.join(',')}]`;
    const client = request({
      port: Number(port.toString()),
      host: '127.0.0.1',
      method: 'POST',
      path: '/import/jane-secret?token=query-secret',
      headers: { 'content-length': Buffer.byteLength(body) },
    });
    client.on('error', () => undefined);
    client.end(body);
    const [exitCode, signal] = (await closed) as [number | null, string | null];
    expect([exitCode, signal]).not.toEqual([0, null]);

    const { stderr } = spawnSync(process.execPath, [onceMore, incidentDir], { encoding: 'utf8' });
    const line = stderr.split('\n').find((text) => text.includes('"found-')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({
      isMemory: true,
      message: expect.stringMatching(/POST \/import\/:tenant, 48\.?\d* MiB, for \d+\.\d s/),
    });
    const [incident] = listIncidents(incidentDir);
    const { requests } = readIncident(incident?.path ?? '');
    expect(requests?.suspects[0]).toMatchObject({ method: 'POST', route: '/import/:tenant' });
    expect(requests?.suspects[0]?.contentLengthBytes).toBe(Buffer.byteLength(body));
    const files = readdirSync(incidentDir, { recursive: true, withFileTypes: true });
    const texts = files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(texts.filter((text) => text.includes('-secret'))).toEqual([]);
  }, 60_000);
});
