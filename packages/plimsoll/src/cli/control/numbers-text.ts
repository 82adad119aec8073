// Numbers in words for the control commands, which load no package.

/** `96 MiB`, `0.4 MiB`, `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  if (Math.abs(mebibytes) >= 1024) return `${(mebibytes / 1024).toFixed(1)} GiB`;
  return `${Math.abs(mebibytes) < 10 ? mebibytes.toFixed(1) : Math.round(mebibytes)} MiB`;
}

/** `40 s`, `12 min`, `3 h`, `5 d`; `-` for never. */
export function timeText(durationMs: number | null): string {
  if (durationMs === null) return '-';
  const seconds = durationMs / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `62 %` */
export function shareText(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
