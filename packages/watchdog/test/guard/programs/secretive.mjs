// A service full of secrets: in its environment, arguments, a query, keys, values, function names made from data, a file URL and a holder that throws.
import { createServer, get } from 'node:http';
import { registerHolder } from '@plimsoll/memory';
import { start } from '@plimsoll/watchdog';

const [incidentDir, argumentSecret] = process.argv.slice(2);
const environmentSecret = process.env.SESSION_TOKEN;
/** A module without a path: its URL is its source. */
const heldByUrl =
  'data:text/javascript,export const held = Array.from({ length: 20000 }, () => ({ a: "url-secret" }))';
// Its one snapshot is what the test reads, however slow the machine is.
const guard = start({ incidentDir, log: 'json', maxPauseMs: 60_000 });

const customers = new Map();
const byEmail = {};
const handlers = {};
registerHolder({
  name: 'customers',
  bytes: () => customers.size * 400,
  reclaim: () => {
    throw new Error(`cannot drop ${environmentSecret}`);
  },
});

function remember(query) {
  // Some 5 MB: enough that a profile which samples sees it.
  for (let index = 0; index < 12_000; index += 1) {
    customers.set(`key-secret-${index}-${query}`, {
      email: `value-secret-${index}@example.com`,
      token: environmentSecret,
    });
    byEmail[`jane.key-secret-${index}@example.com`] = [argumentSecret, Buffer.from(`buffer-secret-${index}`)];
  }
  handlers[`handler-secret-${query}`] = () => customers;
}

const server = createServer((request, response) => {
  remember(new URL(request.url, 'http://localhost').searchParams.get('q'));
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => {
  get(
    { port: server.address().port, host: '127.0.0.1', path: '/?q=query-secret', agent: false },
    (response) => {
      response.resume().on('end', () => {
        void import(heldByUrl).then(() => {
          const { folder } = guard.capture('a look at secrets');
          server.close();
          setTimeout(() => process.stdout.write(folder), 1500);
        });
      });
    },
  );
});
