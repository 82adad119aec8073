// Leaks session-like objects of about 0.9 kB from a timer, beside an innocent cache of 8 MB: `node timers.mjs <MB per second>`.
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const sessions = new Map();
let next = 0;

function rememberSession(id) {
  const visits = [];
  for (let index = 0; index < 14; index += 1) visits.push({ index, id, path: '/account' });
  sessions.set(id, { id, user: `user-${id}`, roles: ['reader', 'writer'], visits, seenAtMs: id * 1000 });
}

const perTick = Math.max(1, Math.round(perSecond / 900 / 50));
setInterval(function onTick() {
  for (let count = 0; count < perTick; count += 1) rememberSession((next += 1));
  keepWithinBound(perTick);
}, 20);
