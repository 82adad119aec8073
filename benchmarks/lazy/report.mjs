import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { round, spread } from '../pool/rounds.mjs';
import { readOwnMemory } from './own-memory.mjs';

if (process.argv[2] === 'load') {
  const before = readOwnMemory();
  await import('zod');
  await import('rxjs');
  await import('typescript');
  const after = readOwnMemory();
  if (process.argv[3] === 'plain') {
    const growth = Object.fromEntries(Object.keys(after).map((key) => [key, after[key] - before[key]]));
    process.stdout.write(JSON.stringify(growth));
  }
}

function growthWithout() {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'load', 'plain'], {
    encoding: 'utf8',
  });
  return JSON.parse(child.stdout);
}

function growthByReport() {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const out = join(folder, 'modules.json');
  const preload = new URL(import.meta.resolve('@plimsoll/lazy/cost-preload'));
  preload.searchParams.set('out', pathToFileURL(out).href);
  preload.searchParams.set('forMs', '60000');
  spawnSync(process.execPath, ['--import', preload.href, fileURLToPath(import.meta.url), 'load', 'measured']);
  const report = JSON.parse(readFileSync(out, 'utf8'));
  rmSync(folder, { recursive: true });
  const packages = report.packages.filter(({ package: name }) =>
    ['zod', 'rxjs', 'typescript', 'tslib'].includes(name),
  );
  const sum = (key) => packages.reduce((total, { self }) => total + self[key], 0);
  const own = { cpuMs: sum('cpuMs'), heapBytes: sum('heapBytes'), anonymousBytes: sum('anonymousBytes') };
  return { own, total: report.growth };
}

export async function measureReport() {
  const samples = { plain: [], control: [], packages: [], total: [] };
  for (let repeat = 0; repeat < 5; repeat += 1) {
    samples.plain.push(growthWithout());
    const { own, total } = growthByReport();
    samples.packages.push(own);
    samples.total.push(total);
    samples.control.push(growthWithout());
  }
  const rows = ['cpuMs', 'heapBytes', 'anonymousBytes'].map((key) => {
    const median = (name) => spread(samples[name].map((growth) => growth[key])).median;
    const scale = key === 'cpuMs' ? 1 : 2 ** 20;
    return {
      figure: key === 'cpuMs' ? 'CPU ms' : `${key.replace('Bytes', '')} MiB`,
      'process without measurement': round(median('plain') / scale, 1),
      control: round(median('control') / scale, 1),
      'sum of packages': round(median('packages') / scale, 1),
      'total of the report': round(median('total') / scale, 1),
      'packages : process': round(median('packages') / median('plain')),
      'total : process': round(median('total') / median('plain')),
    };
  });
  return {
    title: 'Cost report: the sum of its packages against the growth of a process without measurement',
    rows,
  };
}
