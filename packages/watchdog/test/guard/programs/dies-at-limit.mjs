// A service with secrets in its keys, values, environment and arguments that leaks into a Map until V8's limit: node dies-at-limit.mjs <folder> <secret>
import { start } from '@plimsoll/watchdog';

const [incidentDir, argumentSecret] = process.argv.slice(2);
start({ incidentDir, snapshot: 'off' });
const byCustomer = new Map();
const settings = { [argumentSecret]: { rows: Array.from({ length: 3000 }, (_, i) => ({ i })) } };
globalThis[`${argumentSecret}-global`] = settings;
let next = 0;
function remember() {
  next += 1;
  byCustomer.set(`key-secret-${next}`, { id: next, note: `value-secret ${next}`, token: process.env.TOKEN });
}
setInterval(() => {
  for (let i = 0; i < 400; i += 1) remember();
}, 10);
