// The worker of asked-worker.mjs: it holds thumbnails and takes its evidence when it is asked.
import { parentPort } from 'node:worker_threads';
import { start } from '@plimsoll/watchdog';

class ThumbnailOfWorker {
  constructor(id) {
    this.id = id;
    this.pixels = [id, id + 1, id + 2];
  }
}
const guard = start();
const thumbnails = Array.from({ length: 20_000 }, (_, id) => new ThumbnailOfWorker(id));
parentPort.once('message', () => {
  const { folder, files, refusals } = guard.capture('somebody has asked this worker');
  parentPort.postMessage({ folder, files, refusals, held: thumbnails.length });
});
