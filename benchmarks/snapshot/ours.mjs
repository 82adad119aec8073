// One reading by @plimsoll/snapshot in a process of its own. Arguments: the file, and `suspects` to answer as well as read.
import { findSuspects, openSnapshot } from '@plimsoll/snapshot';
import { printUse } from './use.mjs';

const graph = await openSnapshot(process.argv[2]);
const suspects = process.argv[3] === 'suspects' ? findSuspects(graph) : [];
printUse({
  nodeCount: graph.nodeCount,
  rootRetainedBytes: graph.totalBytes,
  checksum: sum(graph.retainedSizes),
  first: suspects[0]?.sentence,
});

function sum(sizes) {
  let total = 0;
  for (let node = 0; node < sizes.length; node++) total += sizes[node];
  return total;
}
