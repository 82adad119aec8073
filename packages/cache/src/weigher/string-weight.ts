const headerBytes = 16;
const sampledUnits = 32;

/** Bytes of a flat string: two per unit when one of 32 units spread over it needs them. Slices and ropes may keep more alive; V8 does not tell. */
export function weighString(text: string): number {
  const { length } = text;
  const unitBytes = isTwoByte(text) ? 2 : 1;
  return Math.ceil((headerBytes + length * unitBytes) / 8) * 8;
}

function isTwoByte(text: string): boolean {
  const { length } = text;
  const step = length <= sampledUnits ? 1 : length / sampledUnits;
  for (let at = 0; at < length; at += step) if (text.charCodeAt(Math.floor(at)) > 255) return true;
  return false;
}
