import { basename } from 'node:path';

import type { Holder, Suspect } from './suspect.ts';

const whole = new Intl.NumberFormat('en-US');

/** `300,000`. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** `12.3 MB`: decimal units, as Chrome DevTools prints them. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `64 %`; below one percent `0.4 %`. */
export function formatShare(ratio: number): string {
  const percent = ratio * 100;
  return `${percent >= 9.95 || percent === 0 ? Math.round(percent) : percent.toFixed(1)} %`;
}

/** Puts a suspect into one sentence that a service's author understands. */
export function describeSuspect(suspect: Omit<Suspect, 'sentence'>): string {
  return `${describeHolding(suspect)}${describeOthers(suspect.alsoHeldBy)}${describeSites(suspect)}${describeGrowth(suspect)}.`;
}

function describeHolding(suspect: Omit<Suspect, 'sentence'>): string {
  const share = formatShare(suspect.heapRatio);
  const name = nameHolder(suspect.containerClass, suspect.place.name, suspect.place.file);
  if (suspect.kind === 'single') {
    const what = suspect.itemClass === suspect.containerClass ? 'is' : `holds one ${suspect.itemClass} of`;
    return `${name} ${what} ${formatSize(suspect.retainedBytes)}, ${share} of the heap`;
  }
  const count = formatCount(suspect.itemCount);
  if (suspect.kind === 'chain') {
    const from = suspect.place.name === '' ? '' : ` from ${placeOf(suspect.place.name, suspect.place.file)}`;
    return `${count} ${suspect.itemClass} hang one on another${from}, ${share} of the heap with what they keep`;
  }
  return `${name} holds ${count} of ${formatCount(suspect.classCount)} ${suspect.itemClass}, ${share} of the heap with what they keep`;
}

/** `Map "sessions" (session-store.js)`. */
export function nameHolder(containerClass: string, name: string, file: string): string {
  if (name.includes('listeners on')) return `${article(containerClass)} of ${placeOf(name, file)}`;
  if (name === '')
    return file === '' ? `An unnamed ${containerClass}` : `An unnamed ${containerClass} (${basename(file)})`;
  return `${containerClass} "${name}"${file === '' ? '' : ` (${basename(file)})`}`;
}

function article(containerClass: string): string {
  return containerClass === 'Array' ? 'The list' : `The ${containerClass}`;
}

function placeOf(name: string, file: string): string {
  const shown = name.includes('listeners on') ? name : `"${name}"`;
  return file === '' ? shown : `${shown} (${basename(file)})`;
}

function describeOthers(holders: readonly Holder[]): string {
  if (holders.length === 0) return '';
  const named = holders.map(({ containerClass, place, itemCount }) =>
    place.name.includes('listeners on')
      ? `${formatCount(itemCount)} ${place.name}`
      : nameHolder(containerClass, place.name, place.file).replace(/^An/, 'an'),
  );
  const last = named.pop() ?? '';
  return `; also held by ${named.length === 0 ? last : `${named.join(', ')} and ${last}`}`;
}

function describeSites(suspect: Omit<Suspect, 'sentence'>): string {
  const site = suspect.sites[0];
  if (site === undefined || suspect.kind === 'single') return '';
  const where = site.line > 0 ? `${basename(site.file)}:${site.line}` : basename(site.file);
  return `; ${site.functionName === '' ? 'functions' : `functions "${site.functionName}"`} written at ${where}`;
}

function describeGrowth({ growth }: Omit<Suspect, 'sentence'>): string {
  if (growth === undefined) return '';
  const removed = growth.removedCount === 0 ? 'none removed' : `${formatCount(growth.removedCount)} removed`;
  return `; +${formatCount(growth.addedCount)} since the previous snapshot, ${removed}`;
}
