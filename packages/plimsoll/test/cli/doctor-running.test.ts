import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { cgroupRefusal, MemoryCgroup } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { cleanEnvironment, plimsoll, runToEnd } from './command.ts';
import { plannedMib } from './planned.ts';

const refusal: string | undefined = cgroupRefusal();
if (refusal !== undefined) process.stderr.write(`SKIPPED 3 tests of a running service: ${refusal}\n`);
const title = refusal === undefined ? '' : ` [SKIPPED: ${refusal}]`;

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const service = join(folder, 'service.cjs');
writeFileSync(service, `console.log('ready'); setInterval(() => {}, 1000);`);

/** A service in a container of 256 MiB, while the doctor is asked from outside. */
async function running(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const group = new MemoryCgroup(mib(256));
  let child: ChildProcess | undefined;
  const [file = '', ...rest] = words;
  const ended: Promise<unknown> = group.run(file, rest, {
    env: cleanEnvironment(env),
    timeoutMs: 60_000,
    onSpawn: (started: ChildProcess) => (child = started),
  });
  onTestFinished(async () => {
    child?.kill('SIGKILL');
    await ended;
    group.remove();
  });
  const { stdout, pid } = child ?? {};
  if (!stdout || pid === undefined) throw new Error('the service did not start');
  await once(stdout, 'data');
  return pid;
}

interface Answer {
  readonly limit: { readonly limitBytes: number; readonly source: string };
  readonly heap: { readonly heapLimitBytes: number; readonly setBy: string };
  readonly remedy: { readonly remove: readonly string[] } | null;
}

function judge(pid: number): { readonly code: number | null; readonly answer: Answer } {
  const { code, out } = runToEnd([plimsoll, 'doctor', '--pid', String(pid), '--json']);
  return { code, answer: JSON.parse(out) as Answer };
}

test.skipIf(refusal !== undefined)(
  `from outside, a service without flags in 256 MiB is danger: its own limit is judged, not ours${title}`,
  async () => {
    const { code, answer } = judge(await running(['node', service]));
    expect(code).toBe(4);
    expect(answer).toMatchObject({
      limit: { limitBytes: mib(256), source: 'cgroup-v1' },
      heap: { setBy: 'V8’s default' },
    });
    expect(answer.heap.heapLimitBytes).toBeGreaterThan(mib(256));
    expect(answer.heap.heapLimitBytes).toBeLessThan(mib(300));
  },
);

test.skipIf(refusal !== undefined)(
  `from outside, one under plimsoll run is judged by what it was told: its 40 MiB for Buffers count${title}`,
  async () => {
    const words = [plimsoll, 'run', '--external', '40MiB', '--', 'node', service];
    const { code, answer } = judge(await running(words));
    const { heapLimit } = plannedMib(256, { externalBytes: mib(40) });
    expect({ code, setBy: answer.heap.setBy }).toEqual({ code: 0, setBy: 'plimsoll run' });
    expect(answer.heap.heapLimitBytes).toBe(mib(heapLimit));
  },
);

test.skipIf(refusal !== undefined)(
  `a heap flag in NODE_OPTIONS, which would win over the plan, is named as the first thing to take away${title}`,
  async () => {
    const pid = await running(['node', service], { NODE_OPTIONS: '--max-old-space-size=300' });
    const { code, answer } = judge(pid);
    expect(code).toBe(4);
    expect(answer.remedy?.remove).toEqual(['--max-old-space-size=300']);
    const { out } = runToEnd([plimsoll, 'doctor', '--pid', String(pid)]);
    expect(out).toContain('First take --max-old-space-size=300 out of NODE_OPTIONS');
    expect(out).toMatch(/^plan {5}an old space of \d+ MiB with a semi-space of 8 MiB; in force are 300 MiB/m);
  },
);
