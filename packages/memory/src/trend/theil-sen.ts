/** A slope with the bounds it has with 95 % confidence, per second. */
export interface SlopeEstimate {
  slopePerSecond: number;
  lowPerSecond: number;
  highPerSecond: number;
}

/** The 97.5 % quantile of the normal distribution. */
const QUANTILE = 1.96;

/**
 * The median of the slopes of all pairs of points, which a third of wild points cannot move, with the interval of Sen (1968) from the variance of Kendall's S.
 * `timesMs` and `values` hold the points from `start` to `end`, oldest first; `scratch` has room for all pairs. Allocates nothing but a view. Fewer than three points
 * give a slope of 0 without bounds.
 * @see Sen, P. K. (1968): Estimates of the regression coefficient based on Kendall's tau. JASA 63.
 */
export function estimateSlope(
  timesMs: Float64Array,
  values: Float64Array,
  start: number,
  end: number,
  scratch: Float64Array,
  into: SlopeEstimate,
): void {
  const pointCount = end - start;
  let pairCount = 0;
  for (let later = start + 1; later < end; later += 1) {
    for (let earlier = start; earlier < later; earlier += 1) {
      const elapsedMs = (timesMs[later] ?? 0) - (timesMs[earlier] ?? 0);
      if (elapsedMs <= 0) continue;
      scratch[pairCount] = (((values[later] ?? 0) - (values[earlier] ?? 0)) / elapsedMs) * 1000;
      pairCount += 1;
    }
  }
  if (pointCount < 3 || pairCount < 3) {
    into.slopePerSecond = 0;
    into.lowPerSecond = Number.NEGATIVE_INFINITY;
    into.highPerSecond = Number.POSITIVE_INFINITY;
    return;
  }
  const slopes = scratch.subarray(0, pairCount).sort();
  const middle = pairCount >> 1;
  into.slopePerSecond =
    pairCount % 2 === 1 ? at(slopes, middle) : (at(slopes, middle - 1) + at(slopes, middle)) / 2;
  const spread = QUANTILE * Math.sqrt((pointCount * (pointCount - 1) * (2 * pointCount + 5)) / 18);
  into.lowPerSecond = at(slopes, Math.max(0, Math.floor((pairCount - spread) / 2) - 1));
  into.highPerSecond = at(slopes, Math.min(pairCount - 1, Math.ceil((pairCount + spread) / 2)));
}

function at(slopes: Float64Array, index: number): number {
  return slopes[index] ?? 0;
}
