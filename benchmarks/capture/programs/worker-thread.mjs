// The thread of worker.mjs: keeps every job it has done.
const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const finishedJobs = new Map();
let next = 0;

function finishJob(id) {
  const steps = [];
  for (let index = 0; index < 14; index += 1) steps.push({ index, id, state: 'done' });
  finishedJobs.set(id, { id, name: `job-${id}`, steps, endedAtMs: id * 1000 });
}

const perTick = Math.max(1, Math.round(perSecond / 900 / 50));
setInterval(function onTick() {
  for (let count = 0; count < perTick; count += 1) finishJob((next += 1));
}, 20);
