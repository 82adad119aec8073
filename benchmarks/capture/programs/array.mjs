// One array of millions of tiny objects: `node array.mjs <MB per second>`.
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const points = [];

function recordPoint(at) {
  points.push({ at, value: at & 1023 });
}

const perTick = Math.max(1, Math.round(perSecond / 40 / 50));
let next = 0;
setInterval(function onTick() {
  for (let count = 0; count < perTick; count += 1) recordPoint((next += 1));
  keepWithinBound(perTick >> 4);
}, 20);
