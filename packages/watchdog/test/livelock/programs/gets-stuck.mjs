// Keeps 40 MB/s until 22 MiB of its container are left, then 2.5 MB/s: node gets-stuck.mjs <incident folder>
import { createHash } from 'node:crypto';
import { readMemory } from '@plimsoll/memory';
import { start } from '@plimsoll/watchdog';

const [incidentDir] = process.argv.slice(2);
start({ incidentDir, snapshot: 'off' });
const slowBelowBytes = 22 * 2 ** 20;
const held = [];

function keepMore() {
  const isSlow = readMemory().headroomBytes < slowBelowBytes;
  held.push(Buffer.alloc(isSlow ? 2 ** 16 : 2 ** 20, 1));
  createHash('sha256')
    .update(JSON.stringify(Array.from({ length: 1000 }, (_, i) => ({ i }))))
    .digest();
  setTimeout(keepMore, 25);
}
keepMore();
