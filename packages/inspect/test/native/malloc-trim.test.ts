import { expect, test } from 'vitest';
import { mallocTrim } from '../../src/index.ts';
import { inspectUrl, runModule } from '../child/run-node.ts';

const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const glibc = process.platform === 'linux' && report.header.glibcVersionRuntime !== undefined;

test.skipIf(!glibc)(
  `with koffi a snapshot that took 150 MB leaves less than 10 MB resident, sampling on${glibc ? '' : ' [SKIPPED: glibc is needed]'}`,
  () => {
    const { status, stdout, stderr } = runModule(
      `import { mallocTrim, startAllocationSampling, writeHeapSnapshot } from ${JSON.stringify(inspectUrl)};
     startAllocationSampling();
     import { rmSync } from 'node:fs';
     const kept = Array.from({ length: 2e5 }, (_, i) => ({ i }));
     const path = process.env.SCRATCH;
     const { residentBeforeBytes, residentPeakBytes, residentAfterBytes, trimmed } = writeHeapSnapshot(path);
     rmSync(path);
     console.log(JSON.stringify([mallocTrim().available, trimmed, residentPeakBytes - residentBeforeBytes > 150e6,
       residentAfterBytes - residentBeforeBytes < 10e6, kept.length]));`,
      [],
      { env: { SCRATCH: `${process.env['TMPDIR'] ?? '/tmp'}/plimsoll-trim-${process.pid}.heapsnapshot` } },
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual([true, true, true, true, 200_000]);
  },
);

test('without koffi trimming is off, says what to install, and a snapshot is taken all the same', () => {
  const { status, stdout, stderr } = runModule(
    `import { Module } from 'node:module';
     const resolve = Module._resolveFilename;
     Module._resolveFilename = (name, ...rest) => {
       if (name === 'koffi') throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
       return resolve(name, ...rest);
     };
     const { mallocTrim, writeHeapSnapshot } = await import(${JSON.stringify(inspectUrl)});
     const { rmSync } = await import('node:fs');
     const { available, reason } = mallocTrim();
     const { trimmed } = writeHeapSnapshot(process.env.SCRATCH);
     rmSync(process.env.SCRATCH);
     console.log(JSON.stringify([available, reason, mallocTrim().trim() === undefined, trimmed]));`,
    [],
    { env: { SCRATCH: `${process.env['TMPDIR'] ?? '/tmp'}/plimsoll-untrimmed-${process.pid}.heapsnapshot` } },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual([
    false,
    glibc ? 'the optional package koffi is not installed: npm install koffi.' : expect.any(String),
    true,
    false,
  ]);
});

test('the access to malloc_trim is opened once', () => {
  expect(mallocTrim()).toBe(mallocTrim());
});
