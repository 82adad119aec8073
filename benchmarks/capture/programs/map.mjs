// One Map of tiny values: `node map.mjs <MB per second>`.
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const hitsByAddress = new Map();

function countHit(address) {
  hitsByAddress.set(`10.${address}`, (hitsByAddress.get(`10.${address}`) ?? 0) + 1);
}

const perTick = Math.max(1, Math.round(perSecond / 70 / 50));
let next = 0;
setInterval(function onTick() {
  for (let count = 0; count < perTick; count += 1) countHit((next += 1));
  keepWithinBound(perTick >> 4);
}, 20);
