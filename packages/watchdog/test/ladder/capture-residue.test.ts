import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { CaptureResidue } from '../../src/ladder/capture-residue.ts';
import { sampleOf } from '../sample.ts';

const capture = {
  path: '',
  fileBytes: mib(30),
  nodeCount: 1,
  edgeCount: 1,
  pauseMs: 1,
  residentBeforeBytes: mib(100),
  residentPeakBytes: mib(350),
  residentAfterBytes: mib(320),
  trimmed: false,
};

test('of 220 MiB that a snapshot has left the next takes 176 MiB again, and none once Buffers lie in them', () => {
  const residue = new CaptureResidue();
  expect(residue.reusableBytes(sampleOf())).toBe(0);
  residue.note(capture, sampleOf({ otherNativeBytes: mib(16) }));
  expect(residue.reusableBytes(sampleOf({ otherNativeBytes: mib(236) })) / mib(1)).toBeCloseTo(176, 5);
  expect(residue.reusableBytes(sampleOf({ otherNativeBytes: mib(116) })) / mib(1)).toBeCloseTo(80, 5);
  expect(residue.reusableBytes(sampleOf({ otherNativeBytes: mib(16) }))).toBe(0);
});

test('a snapshot that was trimmed leaves nothing to use again', () => {
  const residue = new CaptureResidue();
  residue.note({ ...capture, residentAfterBytes: mib(96), trimmed: true }, sampleOf());
  expect(residue.reusableBytes(sampleOf({ otherNativeBytes: mib(500) }))).toBe(0);
});
