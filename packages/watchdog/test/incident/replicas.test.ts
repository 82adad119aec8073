import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listIncidents, verifyIncident } from '../../src/index.ts';
import type { IncidentCapture } from '../../src/incident/incident-record.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'replica.mjs');
const unshare = ['unshare', '--pid', '--fork', '--mount-proc'] as const;
const canUnshare = spawnSync(unshare[0], [...unshare.slice(1), 'true']).status === 0;

interface Told {
  readonly pid: number;
  readonly folder?: string;
  readonly refusals: readonly string[];
  readonly snapshot: IncidentCapture | null;
}

async function replica(incidentDir: string, atMs: number): Promise<Told> {
  const [command, ...words] = [...unshare, process.execPath, program, incidentDir, String(atMs)];
  const child = spawn(command as string, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(child, 'close');
  return JSON.parse(text) as Told;
}

test.skipIf(!canUnshare)(
  canUnshare
    ? '8 replicas with PID 1 of one host name and volume capture in the same second: 8 whole incidents, at most 2 snapshots at a time'
    : '8 replicas with PID 1 [SKIPPED: no pid namespace can be made here]',
  async () => {
    const incidentDir = temporaryFolder();
    const atMs = Math.ceil((Date.now() + 4000) / 1000) * 1000;
    const told = await Promise.all(Array.from({ length: 8 }, () => replica(incidentDir, atMs)));
    expect(told.map(({ pid }) => pid)).toEqual(Array(8).fill(1));
    expect(told.filter(({ folder }) => folder === undefined)).toEqual([]);
    const incidents = listIncidents(incidentDir);
    expect(incidents).toHaveLength(8);
    for (const { path } of incidents) expect([path, (await verifyIncident(path)).faults]).toEqual([path, []]);
    expect(readdirSync(incidentDir).filter((name) => name.endsWith('.partial'))).toEqual([]);
    const spans = told.flatMap(({ snapshot }) =>
      snapshot === null ? [] : [{ fromMs: snapshot.atMs - snapshot.pauseMs, toMs: snapshot.atMs }],
    );
    // On a machine that has other work the pause of some is foretold too long.
    const why = JSON.stringify(told.map(({ refusals }) => refusals));
    expect(spans.length, why).toBeGreaterThanOrEqual(1);
    for (const { fromMs } of spans) {
      const atOnce = spans.filter((span) => span.fromMs <= fromMs && fromMs < span.toMs - 2);
      expect(atOnce.length).toBeLessThanOrEqual(2);
    }
    const without = told.filter(({ snapshot }) => snapshot === null);
    expect(without.filter(({ refusals }) => refusals.length === 0)).toEqual([]);
  },
);
