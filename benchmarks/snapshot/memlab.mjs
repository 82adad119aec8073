// One reading by memlab in a process of its own. PLIMSOLL_MEMLAB is a folder with memlab in its node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { printUse } from './use.mjs';

const require = createRequire(join(process.env.PLIMSOLL_MEMLAB, 'package.json'));
// Not a dependency of ours: it and what it brings are 119 MB.
const peer = '@memlab/heap-analysis';
const { getFullHeapFromFile } = require(peer);
const log = console.log;
console.log = () => {};
const graph = await getFullHeapFromFile(process.argv[2]);
console.log = log;
printUse({ nodeCount: graph.nodes.length, rootRetainedBytes: graph.nodes.get(0).retainedSize, checksum: 0 });
process.exit(0);
