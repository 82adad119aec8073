import { formatShare, formatSize } from '../../answers/sentence.ts';
import type { TreemapTile } from '../treemap.ts';
import { escapeHtml } from './escape.ts';

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const viewWidth = 1000;
const viewHeight = 480;
const headHeight = 18;
const minLabelWidth = 46;

/** The heap as nested areas, each as large as what it keeps. Every tile can be reached with the keyboard. */
export function treemapChart(root: TreemapTile): string {
  const tiles = drawChildren(
    root,
    { x: 0, y: 0, width: viewWidth, height: viewHeight },
    0,
    root.retainedBytes,
  );
  return `<figure><svg class="treemap" viewBox="0 0 ${viewWidth} ${viewHeight}" role="group" aria-label="Treemap of retained bytes">${tiles}</svg>
<figcaption class="detail" aria-live="polite">${formatSize(root.retainedBytes)} in all. Point at a tile, or walk with the tab key.</figcaption></figure>`;
}

function drawChildren(tile: TreemapTile, area: Area, depth: number, heapBytes: number): string {
  if (tile.children.length === 0 || area.width < 8 || area.height < 8) return '';
  const areas = squarify(
    tile.children.map((child) => child.retainedBytes),
    area,
    tile.children.reduce((sum, child) => sum + child.retainedBytes, 0),
  );
  return tile.children.map((child, at) => drawTile(child, areas[at], depth, heapBytes, at)).join('');
}

function drawTile(tile: TreemapTile, area: Area, depth: number, heapBytes: number, at: number): string {
  if (area.width < 1 || area.height < 1) return '';
  const detail = `${tile.label}: ${formatSize(tile.retainedBytes)}, ${formatShare(tile.retainedBytes / heapBytes)} of the heap`;
  const hasLabel = area.width >= minLabelWidth && area.height >= headHeight;
  const characters = Math.floor((area.width - 8) / 6.4);
  const label = hasLabel
    ? `<text x="${(area.x + 4).toFixed(1)}" y="${(area.y + 13).toFixed(1)}">${escapeHtml(cut(tile.label, characters))}</text>`
    : '';
  const inner = hasLabel
    ? drawChildren(
        tile,
        {
          x: area.x + 3,
          y: area.y + headHeight,
          width: area.width - 6,
          height: area.height - headHeight - 3,
        },
        depth + 1,
        heapBytes,
      )
    : '';
  return `<g tabindex="0" class="tile depth${Math.min(depth, 3)} hue${at % 6}" role="img" aria-label="${escapeHtml(detail)}" data-detail="${escapeHtml(detail)}"><rect x="${area.x.toFixed(1)}" y="${area.y.toFixed(1)}" width="${area.width.toFixed(1)}" height="${area.height.toFixed(1)}"/>${label}<title>${escapeHtml(detail)}</title></g>${inner}`;
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1))}…`;
}

/**
 * Rows of areas as near to squares as they come.
 * @see M. Bruls, K. Huizing, J. J. van Wijk, "Squarified Treemaps" (2000)
 */
export function squarify(sizes: readonly number[], area: Area, total: number): Area[] {
  const placed: Area[] = [];
  let { x, y, width, height } = area;
  let rest = total;
  let at = 0;
  while (at < sizes.length) {
    const side = Math.min(width, height);
    const scale = rest === 0 ? 0 : (width * height) / rest;
    let end = at + 1;
    while (end < sizes.length && worst(sizes, at, end + 1, side, scale) <= worst(sizes, at, end, side, scale))
      end++;
    const rowBytes = sum(sizes, at, end);
    const thickness = side === 0 ? 0 : (rowBytes * scale) / side;
    let along = 0;
    for (let i = at; i < end; i++) {
      const length = thickness === 0 ? 0 : (sizes[i] * scale) / thickness;
      placed.push(
        width >= height
          ? { x, y: y + along, width: thickness, height: length }
          : { x: x + along, y, width: length, height: thickness },
      );
      along += length;
    }
    if (width >= height) {
      x += thickness;
      width -= thickness;
    } else {
      y += thickness;
      height -= thickness;
    }
    rest -= rowBytes;
    at = end;
  }
  return placed;
}

function sum(sizes: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += sizes[i];
  return total;
}

function worst(sizes: readonly number[], from: number, to: number, side: number, scale: number): number {
  const row = sum(sizes, from, to) * scale;
  const largest = sizes[from] * scale;
  const smallest = sizes[to - 1] * scale;
  return Math.max((side * side * largest) / (row * row), (row * row) / (side * side * smallest));
}
