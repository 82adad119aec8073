// Large strings, 100 kB each: `node strings.mjs <MB per second>`.
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const renderedPages = [];

function renderPage(id) {
  renderedPages.push(Buffer.alloc(100_000, 97 + (id % 26)).toString('latin1'));
}

let owedBytes = 0;
let next = 0;
setInterval(function onTick() {
  for (owedBytes += perSecond / 50; owedBytes >= 100_000; owedBytes -= 100_000) renderPage((next += 1));
  keepWithinBound(50);
}, 20);
