// Requests to replay: recorded ones from the folder PLIMSOLL_TRACES (see its README; none is part of this repository), and generated ones.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { zipfKeys } from './generators.mjs';

/** Sizes each recorded trace is replayed at; others at 1, 5 and 20 % of their keys. */
const sizes = {
  arc_OLTP: [250, 500, 1_000, 1_500, 2_000, 5_000, 15_000],
  'cache2k_orm-busy': [500, 1_250, 2_500, 5_000, 10_000],
  cache2k_web07: [75, 300, 1_200, 2_400],
  cache2k_web12: [75, 300, 1_200, 3_000],
  'scarab_scarab-recs': [1_000, 5_000, 10_000, 25_000, 50_000, 100_000],
  lirs_2_pools: [50, 100, 200, 450],
  lirs_cpp: [50, 100, 500],
  lirs_cs: [250, 500, 1_000],
  lirs_gli: [250, 500, 1_000, 1_500, 2_000],
  lirs_loop: [100, 250, 500, 750, 1_000],
  lirs_multi1: [500, 1_000, 2_000],
  lirs_multi2: [500, 1_000, 2_000, 3_000],
  lirs_multi3: [500, 1_000, 2_000, 4_000],
  lirs_scan: [500, 1_000],
};

/** Recorded traces, [] when there is no folder of them. */
export function recordedTraces(folder) {
  if (folder === undefined || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.u32.gz'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -'.u32.gz'.length);
      const read = () => {
        const bytes = gunzipSync(readFileSync(join(folder, file)));
        return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      };
      return { name, isReal: !name.startsWith('lirs_'), sizes: sizes[name], read };
    });
}

const echo = (start, count, distance) =>
  Array.from({ length: count }, (_, at) => [start + at, start + Math.max(0, at - distance)]).flat();
const loop = (times, keyCount) => Array.from({ length: times * keyCount }, (_, at) => at % keyCount);

/** Generated traces: what LRU is best at, what it is worst at, and mixes that change. */
export function generatedTraces() {
  const zipf = zipfKeys(100_000, 0.9, 7);
  const made = {
    zipf: [[500, 5_000], () => Array.from({ length: 400_000 }, zipf)],
    'zipf, scans': [
      [500, 5_000],
      () => Array.from({ length: 400_000 }, (_, at) => (at % 20_000 < 4_000 ? 1e6 + at : zipf())),
    ],
    'zipf, shifting': [
      [500, 5_000],
      () =>
        Array.from(
          { length: 400_000 },
          (_, at) => (zipf() * 7_919 + Math.floor(at / 50_000) * 3_001) % 100_000,
        ),
    ],
    'loop 2,050': [[500, 2_000], () => loop(60, 2_050)],
    'loop 1,950': [[2_000], () => loop(60, 1_950)],
    'zigzag 3,000': [
      [500, 1_000, 2_000],
      () =>
        Array.from({ length: 240_000 }, (_, at) =>
          Math.floor(at / 3_000) % 2 === 0 ? at % 3_000 : 2_999 - (at % 3_000),
        ),
    ],
    'each key twice, 150 later': [[256, 512], () => echo(0, 100_000, 150)],
    'twice, loop 700, twice': [
      [256, 512],
      () => [...echo(1e6, 60_000, 100), ...loop(60, 700), ...echo(2e6, 60_000, 100)],
    ],
  };
  return Object.entries(made).map(([name, [at, make]]) => ({
    name,
    isReal: false,
    isGenerated: true,
    sizes: at,
    read: () => Uint32Array.from(make()),
  }));
}
