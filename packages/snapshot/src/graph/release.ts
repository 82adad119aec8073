/** Gives a column's memory back now instead of at some later garbage collection. The array is empty afterwards. */
export function release(column: Uint8Array | Uint32Array | Int32Array | Float64Array): void {
  const buffer = column.buffer as ArrayBuffer & { transfer?: (byteLength: number) => ArrayBuffer };
  // Node.js 20 has no ArrayBuffer.prototype.transfer: detached there by a transfer to nobody, freed with the next collection.
  if (buffer.transfer === undefined) structuredClone(buffer, { transfer: [buffer] });
  else buffer.transfer(0);
}
