import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cgroupRefusal, MemoryCgroup } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { cleanEnvironment, plimsoll } from './command.ts';

const reason: string | undefined = cgroupRefusal();
if (reason !== undefined) process.stderr.write(`SKIPPED 1 test of a cgroup that vanishes: ${reason}\n`);

test.skipIf(reason !== undefined)(
  `a service whose cgroup of 256 MiB is removed under it goes on, and ends with its own code${reason === undefined ? '' : ` [SKIPPED: ${reason}]`}`,
  async () => {
    const group = new MemoryCgroup(256 * 2 ** 20);
    const program =
      'let n = 0; console.log("up"); setInterval(() => { if ((n += 1) === 30) process.exit(7); }, 100)';
    const enter = ['-c', 'echo $$ > "$0" && exec "$@"', join(group.path, 'cgroup.procs')];
    const service = spawn('/bin/sh', [...enter, plimsoll, 'run', '--', 'node', '-e', program], {
      env: cleanEnvironment({ PLIMSOLL_LOG: 'text' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    service.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    const exited = once(service, 'exit');
    await once(service.stdout, 'data');
    writeFileSync(join(dirname(group.path), 'cgroup.procs'), String(service.pid));
    group.remove();
    expect(await exited).toEqual([7, null]);
    expect(told).toContain('Guarding 256 MiB');
    expect(told).not.toMatch(/error|ENOENT|ENODEV/i);
  },
);
