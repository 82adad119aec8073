// The guard of the corpus: what a guarded service has, with the autopsy written to the file in AUTOPSY_OUT at V8's limit, or at the end of a program that lives.
import { writeFileSync } from 'node:fs';
import { NearLimitWatch, onNearLimit, performAutopsy, startAllocationSampling } from '@plimsoll/inspect';
import { journal, startMemoryMonitor } from '@plimsoll/memory';

startAllocationSampling();
const watch = new NearLimitWatch();
const monitor = startMemoryMonitor({});
monitor.onSample((sample, trend) => watch.observe(sample, trend));

function tell(at, autopsy, residentBytes) {
  const record = {
    ...autopsy,
    at,
    residentBytes,
    journal: journal()
      .entries()
      .filter(({ part }) => part === 'inspect'),
  };
  writeFileSync(process.env.AUTOPSY_OUT, JSON.stringify(record));
}

onNearLimit(({ frames }) => {
  const before = process.memoryUsage().rss;
  const cpu = process.cpuUsage();
  const autopsy = performAutopsy({ frames });
  const { user, system } = process.cpuUsage(cpu);
  tell('limit', { ...autopsy, cpuMs: (user + system) / 1000 }, process.memoryUsage().rss - before);
  return { exit: 134 };
});

// A healthy program ends by itself: what would have been said of it?
process.on('exit', (code) => {
  if (code === 0) tell('end', performAutopsy(), 0);
});
