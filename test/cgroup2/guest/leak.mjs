// Leaks sessions until something ends it.
const sessions = new Map();
let next = 0;

function rememberSession() {
  next += 1;
  const visits = [];
  for (let index = 0; index < 14; index += 1) visits.push({ index, id: next, path: '/account' });
  sessions.set(next, { id: next, visits });
}

setInterval(function onTick() {
  for (let count = 0; count < 400; count += 1) rememberSession();
}, 20);
