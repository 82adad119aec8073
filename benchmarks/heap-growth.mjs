// Does a heap follow a container that is resized in place, from 128 to 512 MiB, without a restart; and where it may not grow, does the process end instead of hanging?
//
// pnpm bench heap-growth [--nodes 20,22,24,26] [--forms grown,little,sentinel,same,own-flag,worker,inspector] [--json]
// `grown`: the limit is raised once the guard is armed. `little`: it is raised to 192 MiB, less than V8 would allow itself, and the service never stops keeping. `sentinel`: as grown, with the guard's second thread. `same`: it stays. `own-flag`: it is raised, and the user has sized the heap himself. `worker`, `inspector`: it is raised, and a worker thread lives or the inspector port is open,
// in which case a pause could hang, so that the heap does not grow. Real memory cgroups; the service is started by `plimsoll run`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nodeFor, supportedMajors } from '../scripts/nodes.mjs';
import { cgroupRefusal, MemoryCgroup } from './cgroup/memory-cgroup.mjs';

const here = import.meta.dirname;
const MIB = 2 ** 20;
const command = join(here, '..', 'packages', 'plimsoll', 'bin', 'plimsoll');
const service = join(here, 'heap-growth', 'growing-service.cjs');
const forms = ['grown', 'little', 'sentinel', 'same', 'own-flag', 'worker', 'inspector'];
const flagsOf = { 'own-flag': ['--max-old-space-size=47'], inspector: ['--inspect=127.0.0.1:0'] };
const TIMEOUT_MS = 90_000;

/** Runs the service in a group of 128 MiB to its end. */
export async function measureGrowth({ nodePath, form }) {
  const group = new MemoryCgroup(128 * MIB);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-heap-growth-'));
  const flags = flagsOf[form] ?? [];
  const argument = form === 'worker' || form === 'little' ? [form] : [];
  try {
    const words = ['run', '--', nodePath, ...flags, service, ...argument];
    const { code, signal, timedOut, livelocked, stdout, stderr } = await group.run(command, words, {
      env: {
        PATH: `${dirname(nodePath)}:${process.env.PATH}`,
        HOME: process.env.HOME,
        PLIMSOLL_INCIDENT_DIR: folder,
        PLIMSOLL_SENTINEL: form === 'sentinel' ? 'always' : 'never',
      },
      timeoutMs: TIMEOUT_MS,
      onSpawn: (child) => {
        let text = '';
        const raise = (chunk) => {
          text += chunk;
          if (!text.includes('"plimsoll":"armed"')) return;
          child.stderr.off('data', raise);
          if (form !== 'same') group.limitBytes = (form === 'little' ? 192 : 512) * MIB;
        };
        child.stderr.on('data', raise);
      },
    });
    const ended = signal === 'SIGABRT' || code === 134 ? 'ended at the limit' : `code ${code ?? signal}`;
    return {
      form,
      outcome:
        stdout.includes('kept 140 MiB') && code === 0
          ? 'kept 140 MiB'
          : timedOut || livelocked
            ? 'hung'
            : ended,
      grown: stderr.includes('"plimsoll":"grown"'),
      oomKillCount: group.oomKillCount,
    };
  } finally {
    group.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(words) {
  const why = cgroupRefusal();
  if (why !== undefined) {
    process.stdout.write(`SKIPPED: ${why}\n`);
    return;
  }
  const listOf = (name, fallback) =>
    words.includes(name) ? (words[words.indexOf(name) + 1] ?? '').split(',') : fallback;
  const rows = [];
  for (const major of listOf('--nodes', supportedMajors)) {
    for (const form of listOf('--forms', forms)) {
      const row = { node: major, ...(await measureGrowth({ nodePath: nodeFor(major), form })) };
      rows.push(row);
      const grown = row.grown ? ', the heap grew' : '';
      process.stdout.write(
        `node ${major}  ${form.padEnd(9)}  ${row.outcome}${grown}, ${row.oomKillCount} kills\n`,
      );
    }
  }
  if (!words.includes('--json')) return;
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', 'heap-growth.json'), `${JSON.stringify(rows, null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
