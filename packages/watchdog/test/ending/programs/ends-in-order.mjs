// A service that keeps Buffers until it is ended, and tells what happens: node ends-in-order.mjs <incident folder> [stalls]
import { subscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import { endingChannelName, start } from '@plimsoll/watchdog';

const [incidentDir, mode] = process.argv.slice(2);
const guard = start({ incidentDir, snapshot: 'off' });
const say = (text) => process.stdout.write(`${text}\n`);
const held = [];

subscribe(endingChannelName, ({ deadlineMs }) => say(`ending ${deadlineMs} ${guard.isEnding}`));
guard.onEnding(({ leftMs }) => say(`database ${leftMs > 0}`));
guard.onEnding(() => {
  throw new Error('a hook that throws');
});
guard.onEnding(() => say('queue'));
guard.onEnding(() => say('removed'))[Symbol.dispose]();
if (mode === 'stalls') guard.onEnding(() => new Promise(() => say('stalls')));
process.on('exit', (code) => say(`exit ${code}`));

/** Answers once the ending has begun. */
function answer(response) {
  if (guard.isEnding) setTimeout(() => response.end('answered'), 100);
  else setTimeout(() => answer(response), 20);
}
const server = createServer((_request, response) => {
  response.on('close', () => say(`request done, listening ${server.listening}`));
  answer(response);
}).listen(0, '127.0.0.1', () => say(`port ${server.address().port}`));
setInterval(() => held.push(Buffer.alloc(2 ** 20, 1)), 20);
