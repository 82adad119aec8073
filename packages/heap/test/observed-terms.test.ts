import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { observedTerms, planHeap } from '../src/index.ts';

const idle = {
  heapCommittedBytes: mib(20),
  externalBytes: mib(1),
  otherNativeBytes: mib(9),
  otherProcessesBytes: 0,
};

test('9 MiB of native memory are covered by the reserves, 1 MiB of Buffers is not', () => {
  expect(observedTerms([idle], 24)).toEqual({ externalBytes: mib(1), besideBytes: 0 });
});

test('the largest of three readings counts: 60 MiB of Buffers and 30 native leave 71 MiB beyond 10 + 4 and 5 % of 100', () => {
  const busy = {
    heapCommittedBytes: mib(100),
    externalBytes: mib(60),
    otherNativeBytes: mib(30),
    otherProcessesBytes: mib(15.5),
  };
  const terms = observedTerms([idle, busy, idle], 24);
  expect(terms).toEqual({ externalBytes: mib(71), besideBytes: mib(16) });
  expect(planHeap({ limitBytes: mib(512), nodeMajor: 24, ...terms }).oldSpaceBytes).toBeLessThan(
    mib(398 - 80),
  );
});
