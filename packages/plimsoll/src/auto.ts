// The preload: `node --import plimsoll/auto server.js`, or one import at the top of a bundle. Whatever is missing here (inspector, disk, permission), the service
// starts and serves, and one line on stderr says what is off.
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { startFromEnvironment } from '@plimsoll/watchdog';
import { isLauncher } from './launcher.ts';
import { growService } from './planned-heap.ts';
import { settleWorkerSizes } from './planned-workers.ts';
import { planService } from './service-plan.ts';

function arm(): void {
  // NODE_OPTIONS and --import reach package managers too, which are not the service. In a worker only the part is armed that watches its own heap.
  if (isMainThread && isLauncher(process.argv[1])) return;
  try {
    const guard = startFromEnvironment({ plan: planService, grow: growService });
    if (guard.active && isMainThread) settleWorkerSizes();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    try {
      writeSync(2, `plimsoll: the guard is off: ${reason}\n`);
    } catch {
      // Nobody listens on stderr.
    }
  }
}

arm();
