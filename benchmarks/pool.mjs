// What does a lease cost: objects, buffers and resources, beside peers, an unchecked free list and `new`?
// pnpm bench pool [objects|buffers|resources] [--json]. Each contender in processes of its own, alternated; medians,
// process CPU time; `control` is the first contender once more: what differs between the two is noise.
import { measureBuffers } from './pool/buffers.mjs';
import { measureObjects } from './pool/objects.mjs';
import { measureResources } from './pool/resources.mjs';
import { runParts } from './measure/parts.mjs';

await runParts('pool', {
  objects: measureObjects,
  buffers: measureBuffers,
  resources: measureResources,
});
