import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const secrets = /[a-z]+-secret/g;

/** Every file below `folder`, read as bytes, with the secrets it holds. */
function secretsBelow(folder: string): [file: string, found: string[]][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const text = readFileSync(join(entry.parentPath, entry.name), 'latin1');
      return [entry.name, [...new Set(text.match(secrets) ?? [])]];
    });
}

test('of 7 kinds of secrets none is in any file or line but the heap snapshot, which holds them and is counted whole', () => {
  const incidentDir = temporaryFolder();
  const program = join(import.meta.dirname, 'programs', 'secretive.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, incidentDir, 'argument-secret'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], SESSION_TOKEN: 'environment-secret' },
  });
  expect({ status, secretsOnStderr: stderr.match(secrets) }).toEqual({ status: 0, secretsOnStderr: null });
  const found = secretsBelow(incidentDir);
  expect(found.length).toBeGreaterThanOrEqual(7);
  const [snapshot, ...others] = found.sort(([, a], [, b]) => b.length - a.length);
  expect(others.filter(([, kinds]) => kinds.length > 0)).toEqual([]);
  expect(snapshot?.[0]).toBe('heap-1.heapsnapshot');
  expect(snapshot?.[1]).toEqual(expect.arrayContaining(['environment-secret', 'key-secret', 'value-secret']));
  const record = readIncident(stdout);
  // An autopsy is made as well when the pressure happens to be deep.
  const captures = record.captures.filter(({ rung }) => rung !== 'autopsy');
  expect(captures.map(({ rung, check }) => `${rung}:${check}`)).toEqual(['profile:whole', 'snapshot:whole']);
  const sites = record.sites.map(({ functionName, file }) => [functionName, file.endsWith('secretive.mjs')]);
  expect(sites).toContainEqual(['remember', true]);
  const {
    snapshot: header,
    nodes,
    edges,
  } = JSON.parse(readFileSync(join(stdout, 'heap-1.heapsnapshot'), 'utf8'));
  expect(nodes).toHaveLength(header.node_count * header.meta.node_fields.length);
  expect(edges).toHaveLength(header.edge_count * header.meta.edge_fields.length);
});
