import { once } from 'node:events';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDeaths } from '../../src/deaths/death-log.ts';
import { startGuarded } from '../control/guarded-child.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const onceMore = join(import.meta.dirname, 'programs', 'once-more.mjs');

/** The lines of one more life that ends cleanly. */
function linesOfNextLife(incidentDir: string): string[] {
  const { stderr, status } = spawnSync(process.execPath, [onceMore, incidentDir], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stderr.split('\n').filter((line) => line.includes('"found-'));
}

test('SIGKILL by hand with ample headroom: the next start says not memory, opens nothing, and the start after it says nothing', async () => {
  const incidentDir = temporaryFolder();
  const child = startGuarded(incidentDir, [], { PLIMSOLL_LIMIT: '1GiB' });
  await child.hasStarted;
  child.process.kill('SIGKILL');
  await once(child.process, 'close');
  const [line, ...others] = linesOfNextLife(incidentDir);
  expect(others).toEqual([]);
  expect(JSON.parse(line ?? '')).toMatchObject({
    plimsoll: 'found-end',
    isMemory: false,
    endedPid: child.process.pid,
    message: expect.stringMatching(/: not memory: last headroom 9\d %\.$/),
  });
  expect(readDeaths(join(incidentDir, 'run'))).toHaveLength(1);
  expect(linesOfNextLife(incidentDir)).toEqual([]);
  expect(readdirSync(incidentDir)).toEqual(['run']);
});

test('8 lives that start in the same moment tell of one death once', async () => {
  const incidentDir = temporaryFolder();
  const child = startGuarded(incidentDir, [], { PLIMSOLL_LIMIT: '1GiB' });
  await child.hasStarted;
  child.process.kill('SIGKILL');
  await once(child.process, 'close');
  const lives = Array.from({ length: 8 }, () => startGuarded(incidentDir, [], { PLIMSOLL_CONTROL: 'off' }));
  await Promise.all(lives.map(({ hasStarted }) => hasStarted));
  expect(readDeaths(join(incidentDir, 'run'))).toHaveLength(1);
});

const holds = join(import.meta.dirname, 'programs', 'holds.mjs');

/** A life in 320 MiB that comes to hold so many, is looked at, and is killed: the incidents it opened. */
async function lifeAt(incidentDir: string, mebibytes: number): Promise<string[]> {
  const child = spawn(process.execPath, [holds, incidentDir, String(mebibytes)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '320MiB', PLIMSOLL_CRITICAL_TIME: '1s' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGKILL');
  await once(child, 'close');
  return (JSON.parse(text.toString()) as string[]).map((folder) => folder.split('-').at(-1) ?? '');
}

test('260 of 320 MiB are no incident; after a life that died at 305 the next one opens its own there', async () => {
  const incidentDir = temporaryFolder();
  expect(await lifeAt(temporaryFolder(), 260)).toEqual([]);
  await lifeAt(incidentDir, 305);
  const next = await lifeAt(incidentDir, 260);
  expect(readDeaths(join(incidentDir, 'run'))).toMatchObject([{ isMemory: true }]);
  expect(next).toEqual(['ratio']);
});

const apart = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const canUnshare = spawnSync('unshare', [...apart, 'true']).status === 0;

test.skipIf(!canUnshare)(
  canUnshare
    ? 'a container that is made anew at once is pid 1 again: the death of the one before it is told and filed as soon as silence proves it, and this life looks sooner'
    : 'a container that is made anew at once [SKIPPED: no pid namespace can be made here]',
  async () => {
    const incidentDir = temporaryFolder();
    const env = { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '320MiB', PLIMSOLL_CRITICAL_TIME: '1s' };
    const container = (program: string, ...words: string[]) => {
      const child = spawn('unshare', [...apart, process.execPath, program, incidentDir, ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env,
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    };
    const first = container(holds, '305');
    await once(first.stdout, 'data');
    first.kill('SIGKILL');
    await once(first, 'close');
    const second = container(join(import.meta.dirname, 'programs', 'late-look.mjs'));
    let lines = '';
    second.stderr.setEncoding('utf8').on('data', (text: string) => (lines += text));
    const [seen] = (await once(second.stdout, 'data')) as [Buffer];
    expect(JSON.parse(seen.toString())).toMatchObject({ pid: 1, atStart: 0, later: { memoryDeathCount: 1 } });
    expect(lines.match(/"plimsoll":"found-death"/g)).toHaveLength(1);
    expect(readDeaths(join(incidentDir, 'run'))).toMatchObject([{ isMemory: true, pid: 1 }]);
  },
  90_000,
);
