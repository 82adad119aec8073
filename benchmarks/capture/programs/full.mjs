// A healthy heap too large for any snapshot, and then a leak: `node full.mjs <MB per second>`. Half of what V8 may use is loaded at the start and needed.
import { getHeapStatistics } from 'node:v8';
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const catalogue = [];
const pendingInvoices = [];

function loadCatalogue(bytes) {
  while (process.memoryUsage().heapUsed < bytes) {
    for (let count = 0; count < 1000; count += 1) {
      catalogue.push({ id: catalogue.length, title: `product ${catalogue.length}`, tags: ['a', 'b'] });
    }
  }
}

function queueInvoice(id) {
  const lines = [];
  for (let index = 0; index < 14; index += 1) lines.push({ index, id, text: 'item' });
  pendingInvoices.push({ id, lines, customer: `customer-${id}` });
}

loadCatalogue(getHeapStatistics().heap_size_limit / 2);
const perTick = Math.max(1, Math.round(perSecond / 900 / 50));
let next = 0;
setTimeout(() => {
  setInterval(function onTick() {
    for (let count = 0; count < perTick; count += 1) queueInvoice((next += 1));
    keepWithinBound(perTick);
  }, 20);
}, 5000);
