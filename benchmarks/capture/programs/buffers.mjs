// Keeps Buffers of 64 kB that nobody frees, with a small heap: `node buffers.mjs <MB per second>`.
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const bodies = [];

function keepBody(fill) {
  bodies.push(Buffer.alloc(65_536, fill));
}

const perTick = Math.max(1, Math.round(perSecond / 65_536 / 50));
let tick = 0;
setInterval(function onTick() {
  tick += 1;
  for (let count = 0; count < perTick; count += 1) keepBody((tick & 63) + 1);
  keepWithinBound(perTick);
}, 20);
