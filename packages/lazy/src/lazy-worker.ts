import { plannedWorkerRoom } from '@plimsoll/memory/holders';
import { RemoteModule } from './remote/remote-module.ts';
import type { RemoteModuleOptions } from './remote/remote-module-options.ts';
import { startWorkerPeer } from './remote/worker-peer.ts';

/** How a module runs in a worker. */
export interface LazyWorkerOptions extends Omit<RemoteModuleOptions, 'maxHeapBytes'> {
  /**
   * Old space of the worker.
   * @default what the plan of the container keeps for one worker (`PLIMSOLL_WORKER_HEAP`, 16 MiB), young generation included, where the guard was started before;
   * required where it was not
   */
  readonly maxHeapBytes?: number;
}

/**
 * A module that runs in a worker thread from its first call until it idles. For what computes: the event loop here stays free. Of its memory a quarter to a half
 * goes back to the system when it ends, and about 14 MB stay in the process after the first worker: to get all of it back use {@link lazyProcess}.
 *
 * A size flag on the command line (`--max-old-space-size`) overrides the limit of every worker unless `@plimsoll/heap` is in charge.
 * @throws ERR_PLIMSOLL_OPTION when the URL or an option cannot be used, or nobody says how large its heap may be.
 * @example
 * const pdf = lazyWorker<typeof import('./pdf.js')>(new URL('./pdf.js', import.meta.url), { maxHeapBytes: mib(128) });
 * const bytes = await pdf.api.render(order);
 */
export function lazyWorker<Api>(url: string | URL, options: LazyWorkerOptions = {}): RemoteModule<Api> {
  return new RemoteModule<Api>(url, withPlannedHeap(options), startWorkerPeer);
}

function withPlannedHeap(
  options: LazyWorkerOptions,
): RemoteModuleOptions & { readonly youngSpaceBytes?: number } {
  const { maxHeapBytes } = options;
  if (maxHeapBytes !== undefined) return { ...options, maxHeapBytes };
  const room = plannedWorkerRoom();
  if (room !== undefined)
    return { ...options, maxHeapBytes: room.oldSpaceBytes, youngSpaceBytes: room.youngSpaceBytes };
  // Refused by name with the other options.
  return options as RemoteModuleOptions;
}
