import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { onTestFinished } from 'vitest';
import { describeProcess } from '../../src/guard/guard-folders.ts';
import { IncidentStore } from '../../src/incident/incident-store.ts';
import { Ladder, type LadderTerms } from '../../src/ladder/ladder.ts';
import { GuardLog } from '../../src/log/guard-log.ts';
import { identifyProcess } from '../../src/run/process-identity.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** A ladder that files timeline-less incidents into a folder of its own, without autopsies and snapshots. */
export function ladderOf(terms: Partial<LadderTerms> = {}) {
  const dir = join(temporaryFolder(), 'incidents');
  const store = new IncidentStore({ dir, quotaBytes: mib(16), maxCount: 10, maxAgeMs: 1e12 });
  const output = join(temporaryFolder(), 'stderr');
  const descriptor = openSync(output, 'w');
  onTestFinished(() => closeSync(descriptor));
  const identity = identifyProcess();
  const ladder = new Ladder({
    store,
    log: new GuardLog('json', descriptor),
    identity,
    process: describeProcess(identity),
    limit: { limitBytes: mib(256), source: 'cgroup-v2', origin: 'memory.max' },
    timelinePath: undefined,
    cooldownMs: 3_600_000,
    isDry: false,
    bounds: { triggerRatio: 0.85, triggerBytes: null },
    maxPauseMs: 1000,
    autopsies: { isOn: false, headroomBytes: 0 },
    snapshots: false,
    ...terms,
  });
  const lines = (): { plimsoll: string; message: string }[] =>
    readFileSync(output, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { plimsoll: string; message: string });
  return { ladder, store, dir, lines };
}
