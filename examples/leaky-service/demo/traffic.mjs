// The customers: a process of its own that drives HTTP traffic at the service and tells its parent how many requests were answered.
import { Agent, request } from 'node:http';

const port = Number(process.argv[2]);
const loginsPerSecond = Number(process.argv[3]);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const tokens = [];
let servedCount = 0;
let failedCount = 0;
let inFlightCount = 0;
let userNumber = 0;
let ended = false;

function call(method, path, body, token) {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: token }),
    };
    const outgoing = request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text)));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

async function visit() {
  inFlightCount += 1;
  try {
    const { token } = await call('POST', '/login', { user: `user-${(userNumber += 1)}` });
    if (tokens.length < 500) tokens.push(token);
    await call('GET', `/products/${userNumber % 3_000}`, undefined, tokens[userNumber % tokens.length]);
    servedCount += 2;
  } catch {
    // The service is going down or gone: the demo counts it, the customer goes home.
    failedCount += 1;
  } finally {
    inFlightCount -= 1;
  }
}

const TICK_MS = 20;
let owed = 0;
setInterval(() => {
  if (ended) return;
  owed = Math.min(owed + (loginsPerSecond * TICK_MS) / 1000, 200);
  while (owed >= 1 && inFlightCount < 200) {
    owed -= 1;
    void visit();
  }
}, TICK_MS);
// The callback: when the demo has ended, nobody needs to know.
setInterval(() => process.send?.({ servedCount, failedCount }, () => {}), 200);
process.on('disconnect', () => process.exit(0));
process.on('message', () => (ended = true));
