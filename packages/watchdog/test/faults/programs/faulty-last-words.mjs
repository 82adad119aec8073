// A service that leaks until V8's limit while something is wrong with it, named by the first argument: node faulty-last-words.mjs <fault> <folder>
import { createServer, request } from 'node:http';
import { start } from '@plimsoll/watchdog';

const [fault, incidentDir] = process.argv.slice(2);
start({ incidentDir, snapshot: 'off' });
const sessions = new Map();
let next = 0;

function remember(key) {
  next += 1;
  sessions.set(`${key}-${next}`, { id: next, note: `value-secret ${next}` });
}

const boom = () => {
  throw new Error('the service has replaced this');
};
const faults = {
  none() {},
  'frozen global': () => void Object.freeze(globalThis),
  'frozen global and process'() {
    Object.preventExtensions(globalThis);
    Object.preventExtensions(process);
  },
  'replaced iteration'() {
    Object.assign(Map.prototype, { entries: boom });
    Object.assign(Set.prototype, { values: boom });
    Function.prototype.toString = boom;
  },
  'replaced reversal': () => void Object.assign(Array.prototype, { toReversed: boom }),
};
/** Each request leaves 1,200 sessions under its URL, which holds a secret in its query. */
const server = createServer(({ url }, response) => {
  for (let i = 0; i < 1200; i += 1) remember(url);
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => {
  faults[fault]?.();
  const { port } = server.address();
  const go = () =>
    request({ host: '127.0.0.1', port, path: `/orders/77?token=query-secret&page=${next}` }, (answer) => {
      answer.resume();
      answer.on('end', () => setTimeout(go, 5));
    }).end();
  go();
});
