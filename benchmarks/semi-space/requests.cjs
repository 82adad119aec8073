// Requests, 64 at a time: parse JSON of 2 kB (20,000 of them) or 8 kB (5,000), wait, look up, answer in JSON, beside a Map of 60,000 entries. Prints CPU ms, peak MiB, collections and a checksum.
// node requests.cjs 2 | 8
'use strict';
const { PerformanceObserver, constants } = require('node:perf_hooks');

const bodyKb = Number(process.argv[2]);
const REQUEST_COUNT = 40_000 / bodyKb;
const store = new Map(
  Array.from({ length: 60_000 }, (_, index) => [`key-${index}`, { index, name: `n${index}` }]),
);
const body = JSON.stringify({
  lines: Array.from({ length: 12 * bodyKb }, (_, line) => ({
    sku: `sku-${line}`,
    price: line * 1.5,
    tags: ['a', 'b'],
  })),
});
const collections = { minor: 0, major: 0 };
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections.minor += 1;
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections.major += 1;
  }
}).observe({ entryTypes: ['gc'] });

async function answer(number) {
  const order = JSON.parse(body);
  await new Promise((resolve) => setImmediate(resolve));
  const priced = order.lines.map((line, index) => ({
    ...line,
    of: store.get(`key-${(number * 31 + index) % 60_000}`),
  }));
  await new Promise((resolve) => setImmediate(resolve));
  const text = JSON.stringify({ number, priced });
  store.set(`key-${number % 60_000}`, { index: number, name: `n${number % 7}` });
  return text.length;
}

async function main() {
  let next = 0;
  let sum = 0;
  const beganUs = process.cpuUsage();
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (next < REQUEST_COUNT) sum += await answer(next++);
    }),
  );
  const { user, system } = process.cpuUsage(beganUs);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const peakMib = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, peakMib, ...collections, sum }));
}

void main();
