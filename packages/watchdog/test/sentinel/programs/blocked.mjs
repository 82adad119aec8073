// A guarded service whose event loop is blocked by code that leaks: node blocked.mjs <folder> <form>.
import { start } from '@plimsoll/watchdog';

const [incidentDir, form] = process.argv.slice(2);
start({ incidentDir, snapshot: 'off' });
const orders = [];
const uploads = [];
let isWaiting = true;
function collect() {
  void Promise.resolve().then(() => (isWaiting = false));
  process.nextTick(() => (isWaiting = false));
  // By processor time: where the machine is busy the service slows down as its guard does.
  const began = process.cpuUsage();
  const workedMs = () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  for (let next = 0; isWaiting; next += 1) {
    if (form === 'heap') orders.push({ next, text: `order ${next}` });
    // 128 kB a millisecond: 125 MiB a second.
    else if (uploads.length < workedMs()) uploads.push(Buffer.alloc(131_072, next));
    if (form === 'ends' && uploads.length >= 800) break;
  }
}
setTimeout(() => {
  collect();
  console.log(`ended, ${uploads.length}`);
  process.exit(0);
}, 1500);
