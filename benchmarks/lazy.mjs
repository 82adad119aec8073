// What does lateness cost and what does it give back: access after load, the cost report against an unmeasured process, memory returned by a child, a worker, unloading?
// pnpm bench lazy [access|report|returned] [--json]. Access: interleaved in one process. The rest: processes of their own, medians; the module is TypeScript 5.9.3,
// and rxjs and zod beside it for the report.
import { measureAccess } from './lazy/access.mjs';
import { measureReport } from './lazy/report.mjs';
import { measureReturned } from './lazy/returned.mjs';
import { runParts } from './measure/parts.mjs';

await runParts('lazy', {
  access: measureAccess,
  report: measureReport,
  returned: measureReturned,
});
