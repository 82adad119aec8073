import { expect, test } from 'vitest';
import { LeakDetector } from '../../src/leak-detector.ts';

// The bucket of stacks was filled by the process's clock: in the first 320 ms of a process fewer than 64 leases of a burst were watched.
test('in the first millisecond of a process 64 leases of a burst may be watched, the next after 5 ms', () => {
  const detector = new LeakDetector('early', 'sampled');
  const claimed = Array.from({ length: 200 }, () => detector.claimStack(1));
  expect(claimed.filter(Boolean)).toHaveLength(64);
  expect(claimed.slice(0, 64)).not.toContain(false);
  expect(detector.claimStack(5)).toBe(false);
  expect(detector.claimStack(6)).toBe(true);
});
