import { processWide } from './registry.ts';

/** What the heap plan of this process keeps for one worker thread. */
export interface WorkerRoom {
  readonly oldSpaceBytes: number;
  /** Three semi-spaces. */
  readonly youngSpaceBytes: number;
}

interface WorkerRoomSlot {
  read: (() => WorkerRoom) | undefined;
}

const slot = (): WorkerRoomSlot => processWide('worker-room', () => ({ read: undefined }));

/** Says where the room of a worker can be read, for packages that know no plan. Asked only when a worker is started by one of them. */
export function offerWorkerRoom(read: () => WorkerRoom): void {
  slot().read = read;
}

/** What the plan keeps for one worker; undefined where nobody has planned this process. */
export function plannedWorkerRoom(): WorkerRoom | undefined {
  return slot().read?.();
}
