// The clock is set back by 2 h, then forward by 5 h, and evidence is asked for each time: node clock-jumps.mjs <incident folder>
import { start } from '@plimsoll/watchdog';

const guard = start({ incidentDir: process.argv[2], snapshot: 'off' });
const now = Date.now;
const outcomes = [];
/** Longer than a tick. */
const pause = () => new Promise((resolve) => void setTimeout(resolve, 1200));

for (const hours of [0, -2, 3]) {
  Date.now = () => now() + hours * 3_600_000;
  await pause();
  outcomes.push(guard.capture(`the clock is ${hours} h off`));
}
Date.now = () => now() - 2 * 3_600_000;
await pause();
process.stdout.write(`${JSON.stringify({ outcomes, active: guard.active })}\n`);
setInterval(() => undefined, 1000);
