// A service that becomes the user nobody and then starts its guard: node unprivileged.mjs <incident folder>. What it sees goes to stdout.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { start } from '@plimsoll/watchdog';

process.setgroups([]);
process.setgid(65534);
process.setuid(65534);
const guard = start({ incidentDir: process.argv[2], limitBytes: 512 * 2 ** 20 });
const { folder, refusals } = guard.capture('asked by nobody');
const server = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1');
await once(server, 'listening');
const answer = await (await fetch(`http://127.0.0.1:${server.address().port}`)).text();
// Some ticks more, each of which may meet what it must not read.
setTimeout(() => {
  const { active, offReasons } = guard;
  const told = { uid: process.getuid(), answer, active, folder: folder ?? null, refusals, offReasons };
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0));
}, 1500);
