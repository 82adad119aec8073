// Horizontal bars, as an SVG that is readable on a light and on a dark page.

const barHeight = 18;
const gap = 6;
const labelWidth = 190;
const plotWidth = 430;
const colours = ['#2f7ed8', '#e07b39', '#4aa564', '#9a6fb0', '#8c8c8c'];

const escape = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * One bar a row. `bars` are `{ label, value, mark?, series? }`; `mark` draws a thin line at another value of the same row; bars of one `series` share a colour.
 */
export function barChart({ title, unit, bars, markName }) {
  const most = Math.max(...bars.flatMap(({ value, mark = 0 }) => [value, mark])) || 1;
  const x = (value) => labelWidth + (value / most) * plotWidth;
  const series = [...new Set(bars.map((bar) => bar.series))];
  const height = 30 + bars.length * (barHeight + gap) + 22;
  const width = labelWidth + plotWidth + 90;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="18" font-weight="bold">${escape(title)}</text>`,
  ];
  for (const [index, { label, value, mark, series: name }] of bars.entries()) {
    const y = 30 + index * (barHeight + gap);
    const colour = colours[series.indexOf(name) % colours.length];
    lines.push(
      `<text x="${labelWidth - 6}" y="${y + 13}" text-anchor="end">${escape(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${(x(value) - labelWidth).toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
    );
    if (mark !== undefined) {
      lines.push(
        `<rect x="${(x(mark) - 1).toFixed(1)}" y="${y - 2}" width="2" height="${barHeight + 4}" fill="#000000"/>`,
      );
    }
    const end = Math.max(x(value), x(mark ?? 0)) + 5;
    lines.push(`<text x="${end.toFixed(1)}" y="${y + 13}">${escape(Number(value.toPrecision(3)))}</text>`);
  }
  const named = series.filter((name) => name !== undefined);
  const legend = [
    unit,
    markName && `black line: ${markName}`,
    named.length > 1 &&
      named
        .map((name, index) => `${name} ${['blue', 'orange', 'green', 'violet', 'grey'][index]}`)
        .join(', '),
  ];
  lines.push(
    `<text x="${labelWidth}" y="${height - 8}" fill="#555555">${escape(legend.filter(Boolean).join('; '))}</text>`,
    '</svg>',
  );
  return `${lines.join('\n')}\n`;
}
