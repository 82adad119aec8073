import { ownValue } from './own-values.ts';

interface WasmTypes {
  readonly Memory: (new (size: { readonly initial: number }) => object) & { readonly prototype: object };
  readonly Instance: { readonly prototype: object };
}

// There is no WebAssembly under --jitless, and none in the types of plain ES.
const wasm = ownValue(globalThis, 'WebAssembly') as WasmTypes | undefined;

/** Bytes of a `WebAssembly.Memory`, those never touched included; undefined for anything else. */
export function wasmMemoryBytes(target: object): number | undefined {
  const buffer = wasm === undefined ? undefined : ask(wasm.Memory.prototype, 'buffer', target);
  return (buffer as ArrayBufferLike | undefined)?.byteLength;
}

/** A memory of one page; undefined where none can be made. */
export function makeWasmMemory(): object | undefined {
  try {
    return wasm === undefined ? undefined : new wasm.Memory({ initial: 1 });
  } catch {
    // V8 reserves gigabytes of addresses for each, which a limit on these may forbid.
    return undefined;
  }
}

/** What a `WebAssembly.Instance` exports, its memory most often among it; undefined for anything else. */
export function wasmExports(target: object): unknown {
  return wasm === undefined ? undefined : ask(wasm.Instance.prototype, 'exports', target);
}

/** What V8's getter says of an object made with this prototype, or with one that inherits from it. Two looks first: few objects of a heap are asked. */
function ask(prototype: object, getter: string, target: object): unknown {
  const own = Object.getPrototypeOf(target) as object | null;
  if (own !== prototype && (own === null || Object.getPrototypeOf(own) !== prototype)) return undefined;
  try {
    return Reflect.get(prototype, getter, target) as unknown;
  } catch {
    // An object that was only given this prototype.
    return undefined;
  }
}
