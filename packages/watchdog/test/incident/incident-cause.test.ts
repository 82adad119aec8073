import type { Finding } from '@plimsoll/inspect';
import { type MemorySample, mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { causeOf, type CauseEvidence, findingsOf } from '../../src/incident/incident-cause.ts';
import { sampleOf } from '../sample.ts';

const site = {
  functionName: 'rememberSession',
  file: 'src/session-store.js',
  line: 7,
  column: 25,
  liveBytes: mib(93),
  shareRatio: 0.95,
  kind: 'application',
};
const container: Finding = {
  kind: 'container',
  name: 'sessions',
  path: 'sessions',
  file: 'src/session-store.js',
  line: 2,
  column: 7,
  containerKind: 'Map',
  count: 131_072,
  bytes: mib(96),
  confidence: 0.9,
  source: 'scope',
} as Finding;
const sentence = 'Map `sessions` (src/session-store.js:2) holds 131,072 entries, about 96 MiB.';

function evidenceOf(latest: Partial<MemorySample> = {}, members: Partial<CauseEvidence> = {}): CauseEvidence {
  return {
    latest: sampleOf(latest),
    limit: { limitBytes: mib(256), heapLimitBytes: mib(199), source: 'cgroup-v2', origin: 'memory.max' },
    sites: [],
    sitesOf: 'heap',
    ...members,
  };
}

test('a variable that an autopsy named is the cause, and the first finding, before the line that allocated it', () => {
  const evidence = evidenceOf({}, { sites: [site], autopsy: { atMs: 0, sentence, findings: [container] } });
  expect(causeOf(evidence)).toBe(sentence);
  expect(findingsOf(evidence)).toMatchObject([
    { kind: 'container', name: 'sessions', line: 2, count: 131_072, confidence: 0.9, rung: 'autopsy' },
    { kind: 'allocation-site', name: 'rememberSession', line: 7, bytes: mib(93), rung: 'profile' },
  ]);
});

test('without an autopsy the line that allocated is told, and that the variable is unknown', () => {
  expect(causeOf(evidenceOf({}, { sites: [site] }))).toBe(
    '95 % (93 MiB) in rememberSession, src/session-store.js:7:25: most of what lives in the heap was allocated there. Which variable holds it is unknown.',
  );
});

test('150 MiB of ArrayBuffers beside a heap of 20 MiB are external: ArrayBuffers, not the line that fills the heap', () => {
  const evidence = evidenceOf(
    {
      heapUsedBytes: mib(20),
      externalBytes: mib(152),
      arrayBuffersBytes: mib(150),
      workingSetBytes: mib(200),
    },
    { sites: [site] },
  );
  expect(causeOf(evidence)).toBe('External: ArrayBuffers and Buffers hold 150 MiB of 256 MiB.');
  expect(findingsOf(evidence).at(-1)).toMatchObject({
    kind: 'external',
    name: 'ArrayBuffers',
    bytes: mib(150),
    confidence: 0.75,
    rung: 'sample',
  });
});

test('180 MiB of native memory beside a full heap: the heap is what ends the process', () => {
  const members = { otherNativeBytes: mib(180), heapUsedBytes: mib(170) };
  expect(causeOf(evidenceOf(members, { sites: [site] }))).toContain('rememberSession');
  expect(causeOf(evidenceOf({ otherNativeBytes: mib(180) }))).toBe(
    'Native memory that V8 does not account for holds 180 MiB of 256 MiB.',
  );
});

test('160 MiB of other processes are the cause, whatever this one holds', () => {
  const latest = { otherProcessesBytes: mib(160), rssBytes: mib(80) };
  const evidence = evidenceOf(latest, { autopsy: { atMs: 0, sentence, findings: [container] } });
  expect(causeOf(evidence)).toBe(
    'Other processes of the container hold 160 MiB of 256 MiB, this one 80 MiB.',
  );
  expect(findingsOf(evidence).at(-1)).toMatchObject({ kind: 'other-processes', bytes: mib(160) });
});

test('with nothing on file the cause is unknown, and a request with a body is told beside it', () => {
  expect(causeOf(evidenceOf())).toBe(
    'Unknown: nothing on file names what holds 60 MiB of heap and 4 MiB outside it.',
  );
  const suspects = [{ method: 'POST', route: '/import', ageMs: 1200, contentLengthBytes: mib(48) }];
  const evidence = evidenceOf({}, { requests: { atMs: 0, count: 1, suspects } });
  expect(causeOf(evidence)).toBe(
    'Unknown; the largest request in flight was POST /import, 48 MiB, for 1.2 s.',
  );
  expect(findingsOf(evidence)).toMatchObject([{ kind: 'request', bytes: mib(48), rung: 'requests' }]);
});

test('lines of Node’s own start are not told as where Buffers come from; the request with a body of 293 MiB is', () => {
  const outside = { heapUsedBytes: mib(12), externalBytes: mib(590), arrayBuffersBytes: mib(586) };
  const ofNode = { ...site, functionName: '(top level)', file: 'node:internal/x', kind: 'node' };
  const suspect = { method: 'POST', route: '/import', ageMs: 9500, contentLengthBytes: mib(293) };
  const evidence = evidenceOf(
    { ...outside, limitBytes: mib(1024), heapLimitBytes: mib(905), otherNativeBytes: 0 },
    { sites: [ofNode], sitesOf: 'handles', requests: { atMs: 0, count: 1, suspects: [suspect] } },
  );
  expect(causeOf(evidence)).toBe(
    'External: ArrayBuffers and Buffers hold 586 MiB of 1 GiB. The largest request in flight was POST /import, 293 MiB, for 9.5 s.',
  );
});
