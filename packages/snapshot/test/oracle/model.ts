import { Readable } from 'node:stream';

/** The parts of DevTools' model that the tests compare with. Indexes are of fields, not of nodes. */
export interface DevToolsNode {
  nodeIndex: number;
  retainedSize(): number;
  dominatorIndex(): number;
  distance(): number;
  selfSize(): number;
  id(): number;
}

export interface DevToolsModel {
  readonly nodeFieldCount: number;
  readonly nodeCount: number;
  createNode(nodeIndex: number): DevToolsNode;
  aggregatesWithFilter(
    filter: unknown,
  ): Record<string, { name: string; count: number; self: number; maxRet: number }>;
}

interface ModelModule {
  readonly HeapSnapshotLoader: new (dispatcher: { sendEvent(): void }) => {
    write(chunk: string): void;
    close(): void;
    buildSnapshot(port: MessagePort): Promise<DevToolsModel>;
  };
  readonly SecondaryInitManager: new (port: MessagePort) => unknown;
  readonly NodeFilter: new () => unknown;
}

/** Loads a snapshot's bytes with the model Chrome DevTools itself uses. */
export async function loadWithDevTools(
  bytes: Uint8Array,
): Promise<{ model: DevToolsModel; NodeFilter: new () => unknown }> {
  const { HeapSnapshotLoader, SecondaryInitManager, NodeFilter } = (await import(
    new URL('devtools-model.mjs', import.meta.url).href
  )) as ModelModule;
  const loader = new HeapSnapshotLoader({ sendEvent: () => {} });
  const text = new TextDecoder();
  for await (const chunk of Readable.from(slices(bytes)))
    loader.write(text.decode(chunk as Uint8Array, { stream: true }));
  loader.close();
  const channel = new MessageChannel();
  void new SecondaryInitManager(channel.port2);
  const model = await loader.buildSnapshot(channel.port1);
  channel.port1.close();
  channel.port2.close();
  return { model, NodeFilter };
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20));
}
