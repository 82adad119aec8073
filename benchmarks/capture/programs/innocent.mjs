// The bounded part of every leaking program: it allocates as busily as the leak and keeps no more than about 2 MB.
const pages = new Map();
let next = 0;

/** Renders `count` pages and keeps the last 4,000. */
export function keepWithinBound(count) {
  for (let made = 0; made < count; made += 1) {
    next += 1;
    pages.set(next % 4_000, { id: next, title: `page ${next}`, words: ['lorem', 'ipsum', String(next)] });
  }
}
