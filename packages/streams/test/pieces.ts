import { Buffer } from 'node:buffer';

/** The bytes of `text` in pieces of `pieceBytes`: characters and tokens fall apart anywhere. */
export function pieces(text: string | Uint8Array, pieceBytes: number): Buffer[] {
  const whole = Buffer.from(text as string);
  const list: Buffer[] = [];
  for (let at = 0; at < whole.length; at += pieceBytes) list.push(whole.subarray(at, at + pieceBytes));
  return list;
}

/** The outcome of a read: the items, or the code and reason of the error that ended it. */
export async function outcome<T>(items: AsyncIterable<T>): Promise<T[] | string> {
  const list: T[] = [];
  try {
    for await (const item of items) list.push(item);
    return list;
  } catch (error) {
    const { code, details } = error as { code?: string; details?: { reason?: string } };
    return code === undefined ? String(error) : `${code} ${details?.reason ?? ''}`.trim();
  }
}

/** The code of the error `work` rejects with. */
export async function codeOf(work: PromiseLike<unknown>): Promise<string> {
  try {
    await work;
    return 'resolved';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
