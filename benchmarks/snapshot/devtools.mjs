// One reading by the model of Chrome DevTools, on one thread, in a process of its own.
import { createReadStream } from 'node:fs';
import {
  HeapSnapshotLoader,
  SecondaryInitManager,
} from '../../packages/snapshot/test/oracle/devtools-model.mjs';
import { printUse } from './use.mjs';

const loader = new HeapSnapshotLoader({ sendEvent() {} });
for await (const chunk of createReadStream(process.argv[2], { encoding: 'utf8', highWaterMark: 1 << 20 })) {
  loader.write(chunk);
}
loader.close();
const channel = new MessageChannel();
new SecondaryInitManager(channel.port2);
const model = await loader.buildSnapshot(channel.port1);
channel.port1.close();
channel.port2.close();
let checksum = 0;
const node = model.createNode(0);
for (let ordinal = 0; ordinal < model.nodeCount; ordinal++) {
  node.nodeIndex = ordinal * model.nodeFieldCount;
  checksum += node.retainedSize();
}
printUse({
  nodeCount: model.nodeCount,
  rootRetainedBytes: model.createNode(model.rootNode().nodeIndex).retainedSize(),
  checksum,
});
