// A WebAssembly module whose memory grows and is never given back: `node wasm.mjs <MB per second>`.
import { keepWithinBound } from './innocent.mjs';

const pageBytes = 65_536;
const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const codecMemory = new WebAssembly.Memory({ initial: 16, maximum: 65_536 });

function decodeFrame(pageCount) {
  const before = codecMemory.grow(pageCount);
  new Uint8Array(codecMemory.buffer, before * pageBytes).fill(7);
}

const perTick = Math.max(1, Math.round(perSecond / pageBytes / 50));
setInterval(function onTick() {
  decodeFrame(perTick);
  keepWithinBound(50);
}, 20);
