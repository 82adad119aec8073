import { expect, test } from 'vitest';
import { inspectUrl, runModule } from '../child/run-node.ts';

test('60 MiB of garbage and a young generation of 16 MiB go back to the kernel: less than half of what was resident stays', () => {
  const { stdout } = runModule(
    `import { writeSync } from 'node:fs';
     import { giveBackHeap } from ${JSON.stringify(inspectUrl)};
     let junk = [];
     for (let count = 0; count < 600_000; count += 1) junk.push({ count, text: 'kept ' + count });
     junk = undefined;
     const resident = () => process.memoryUsage.rss() / 2 ** 20;
     const before = resident();
     const isAsked = giveBackHeap();
     const wait = setInterval(() => {
       if (resident() > before * 0.6) return;
       clearInterval(wait);
       writeSync(1, isAsked + ' given back');
     }, 50);`,
    ['--max-semi-space-size=16'],
  );
  expect(stdout).toBe('true given back');
});
