import { basename } from 'node:path';

import { formatShare, formatSize } from '../../answers/sentence.ts';
import type { FlameFrame } from '../incident/allocation-flame.ts';
import { escapeHtml } from './escape.ts';

const viewWidth = 1000;
const rowHeight = 20;
/** Frames narrower than this many of the thousand units are not drawn. */
const minWidth = 1.5;

/** Live allocations by call: each frame as wide as what it and its callees allocated. Click or Enter widens one. */
export function flameChart(root: FlameFrame): string {
  const rows: string[] = [];
  let deepest = 0;
  const draw = (frame: FlameFrame, x: number, depth: number): void => {
    const width = (frame.totalBytes / root.totalBytes) * viewWidth;
    if (width < minWidth) return;
    deepest = Math.max(deepest, depth);
    const place = frame.place === '' ? '' : ` ${shortPlace(frame.place)}`;
    const detail = `${frame.functionName}${place}: ${formatSize(frame.totalBytes)}, ${formatShare(frame.totalBytes / root.totalBytes)} of what is live; ${formatSize(frame.selfBytes)} by itself`;
    const kind = frame.place.startsWith('node:') ? 'runtime' : frame.place === '' ? 'none' : 'program';
    rows.push(
      `<g tabindex="0" class="frame ${kind}" role="img" aria-label="${escapeHtml(detail)}" data-x="${x.toFixed(2)}" data-w="${width.toFixed(2)}" data-detail="${escapeHtml(detail)}"><rect x="${x.toFixed(2)}" y="${depth * rowHeight}" width="${width.toFixed(2)}" height="${rowHeight - 1}"/><text x="${(x + 4).toFixed(2)}" y="${depth * rowHeight + 14}" data-label="${escapeHtml(`${frame.functionName}${place}`)}">${escapeHtml(cut(`${frame.functionName}${place}`, width))}</text><title>${escapeHtml(detail)}</title></g>`,
    );
    let childX = x;
    for (const child of frame.children) {
      draw(child, childX, depth + 1);
      childX += (child.totalBytes / root.totalBytes) * viewWidth;
    }
  };
  draw(root, 0, 0);
  const height = (deepest + 1) * rowHeight;
  return `<figure><svg class="flame" viewBox="0 0 ${viewWidth} ${height}" role="group" aria-label="Flame graph of live allocations">${rows.join('')}</svg>
<figcaption class="detail" aria-live="polite">${formatSize(root.totalBytes)} live when the profile was written. Click a frame, or press Enter on it, to widen it.</figcaption></figure>`;
}

function shortPlace(place: string): string {
  return place.startsWith('node:') ? place : basename(place);
}

function cut(text: string, width: number): string {
  const characters = Math.floor((width - 8) / 6.4);
  if (characters < 3) return '';
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
