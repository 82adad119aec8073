import { expect, test } from 'vitest';
import { scanDeclarations } from '../../src/autopsy/declaration-scan.ts';

/** Offsets at which `name` is declared, with the text of the block around each cut to its first and last characters. */
function declared(text: string, name: string): (readonly [at: number, block: string])[] | undefined {
  return scanDeclarations(text)
    ?.get(name)
    ?.map(({ at, blockStart, blockEnd }) => [at, text.slice(Math.max(0, blockStart), blockEnd + 1)] as const);
}

test.each([
  ['const n = new Map();', 6],
  ['var a=1,n=new Map,c=2;', 8],
  ['let a = f(1, 2), n = []', 17],
  ['function n() {}', 9],
  ['async function* n() {}', 16],
  ['export class n {}', 13],
  ['import { a, n } from "./store.mjs"', 12],
  ['const { a, n } = f()', 11],
  ['const [n] = f()', 7],
  ['const { b: n } = f()', 11],
])('%s declares n at %i', (text, at) => {
  expect(declared(text, 'n')).toEqual([[at, text]]);
});

test.each([
  ['n = 1'],
  ['a.n = 1'],
  ['const a = { n: 1 }'],
  ['const { n: a } = b'],
  ['f(a, n)'],
  ['let a = 1\nf, n'],
  ['const t = `let n = 1`'],
  ['// let n\n/* let n */ "let n"; /let n["/]/'],
])('%s declares no n', (text) => {
  expect(declared(text, 'n') ?? []).toEqual([]);
});

test('a name declared in three blocks is declared three times, each in its own', () => {
  const text = 'var n=0;function f(){let n=1;if(n){const n=2}}`${(()=>{let n=3})()}`';
  expect(declared(text, 'n')).toEqual([
    [41, '{const n=2}'],
    [25, '{let n=1;if(n){const n=2}}'],
    [59, '{let n=3}'],
    [4, text],
  ]);
});

test.each([['f(]'], ['{'], ['`${'], ['"open'], ['}']])('%s is no guess but undefined', (text) => {
  expect(scanDeclarations(text)).toBeUndefined();
});
