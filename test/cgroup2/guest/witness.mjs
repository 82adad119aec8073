// Stays small while its neighbour is killed, and prints what it sees of that.
import { openMemoryReader } from '@plimsoll/memory';

const reader = openMemoryReader();
const before = reader.read();
const timer = setInterval(() => {
  const after = reader.read();
  if (after.kernel.oomKillCount === before.kernel.oomKillCount) return;
  clearInterval(timer);
  process.stdout.write(JSON.stringify({ before: before.kernel, after: after.kernel }));
}, 200);
