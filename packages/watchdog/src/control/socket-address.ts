import { closeSync, constants, openSync } from 'node:fs';
import { dirname, join, basename } from 'node:path';
import { PlimsollError } from '@plimsoll/memory';

/** The file name of the socket in the folder of a run. */
export const socketName = 'control.sock';

/** Bytes of `sun_path` without its closing zero: Linux 108, the BSDs and macOS 104. A longer path is cut without a word by older versions of Node.js. */
const maxPathBytes: number = process.platform === 'linux' ? 107 : 103;

/** A socket's path as the kernel takes it. */
export interface SocketAddress extends Disposable {
  readonly path: string;
}

/**
 * The address of the socket at `path`. One too long for the kernel is reached through a descriptor of its folder where there is `/proc`; it stays open until
 * the address is disposed.
 * @throws ERR_PLIMSOLL_UNAVAILABLE where there is no way to a path this long; what the file system throws.
 */
export function socketAddress(path: string): SocketAddress {
  const pathBytes = Buffer.byteLength(path);
  if (pathBytes <= maxPathBytes) return { path, [Symbol.dispose]: () => undefined };
  if (process.platform !== 'linux') {
    throw new PlimsollError(
      'ERR_PLIMSOLL_UNAVAILABLE',
      `The path of the control socket has ${pathBytes} bytes, the system takes ${maxPathBytes}. Name a shorter folder in PLIMSOLL_RUN_DIR.`,
      { details: { pathBytes, maxPathBytes } },
    );
  }
  const descriptor = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  let isOpen = true;
  return {
    path: join('/proc/self/fd', String(descriptor), basename(path)),
    [Symbol.dispose]: () => {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}
