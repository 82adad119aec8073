// A life in a container made anew: prints what its journal has of the life before, at the start and once it has looked again: node late-look.mjs <incident folder>
import { journal } from '@plimsoll/memory';
import { start } from '@plimsoll/watchdog';

start({ incidentDir: process.argv[2], snapshot: 'off' });
const heeded = () =>
  journal()
    .entries()
    .filter(({ event }) => event === 'looks-sooner');
const atStart = heeded().length;
setInterval(() => {
  const [later] = heeded();
  if (later !== undefined)
    console.log(JSON.stringify({ pid: process.pid, atStart, later: later.numbers ?? later }));
}, 500);
