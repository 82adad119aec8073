// Listeners that nobody takes off, each a closure over its request: `node closures.mjs <MB per second>`.
import { EventEmitter } from 'node:events';
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const priceFeed = new EventEmitter();
priceFeed.setMaxListeners(0);

function subscribe(id) {
  const request = { id, symbols: [`S${id}`, `T${id}`], filters: { from: id, to: id + 100 } };
  priceFeed.on('price', (price) => request.filters.from <= price && request.symbols.push(String(price)));
}

const perTick = Math.max(1, Math.round(perSecond / 380 / 50));
let next = 0;
setInterval(function onTick() {
  for (let count = 0; count < perTick; count += 1) subscribe((next += 1));
  keepWithinBound(perTick >> 1);
}, 20);
