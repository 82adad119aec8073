import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { alternate, round, spread } from '../measure/rounds.mjs';

const entry = fileURLToPath(new URL('heavy-entry.mjs', import.meta.url));

/** What the whole process grew by while it started, without measurement in between. */
function growthWithout() {
  const preload = new URL('growth-preload.mjs', import.meta.url).href;
  return JSON.parse(execFileSync(process.execPath, ['--import', preload, entry], { encoding: 'utf8' }));
}

function growthByReport() {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const out = join(folder, 'modules.json');
  const preload = new URL(import.meta.resolve('@plimsoll/lazy/cost-preload'));
  preload.searchParams.set('out', pathToFileURL(out).href);
  preload.searchParams.set('forMs', '60000');
  execFileSync(process.execPath, ['--import', preload.href, entry]);
  const { growth, packages } = JSON.parse(readFileSync(out, 'utf8'));
  rmSync(folder, { recursive: true });
  const names = packages.map((entry) => entry.package);
  for (const name of ['zod', 'rxjs', 'typescript'])
    if (!names.includes(name)) throw new Error(`${name} is missing`);
  const sum = (key) => packages.reduce((total, { self }) => total + self[key], 0);
  const own = { cpuMs: sum('cpuMs'), heapBytes: sum('heapBytes'), anonymousBytes: sum('anonymousBytes') };
  return { own, total: growth };
}

export async function measureReport() {
  const runs = { plain: growthWithout, report: growthByReport, control: growthWithout };
  const samples = alternate(Object.keys(runs), 5, (name) => runs[name]());
  const figures = {
    plain: samples.get('plain'),
    control: samples.get('control'),
    packages: samples.get('report').map(({ own }) => own),
    total: samples.get('report').map(({ total }) => total),
  };
  const rows = ['cpuMs', 'heapBytes', 'anonymousBytes'].map((key) => {
    const median = (name) => spread(figures[name].map((growth) => growth[key])).median;
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
