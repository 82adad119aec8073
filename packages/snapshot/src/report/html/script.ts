/** What the page does when it may run scripts: details under the pointer, sorting, widening flame frames. All is readable without. */
export const script = `
'use strict';
for (const chart of document.querySelectorAll('svg.treemap, svg.flame')) {
  const detail = chart.parentElement.querySelector('.detail');
  const show = (event) => { const tile = event.target.closest('[data-detail]'); if (tile) detail.textContent = tile.dataset.detail; };
  chart.addEventListener('pointerover', show);
  chart.addEventListener('focusin', show);
}
for (const chart of document.querySelectorAll('svg.flame')) {
  const frames = [...chart.querySelectorAll('.frame')];
  const widen = (chosen) => {
    const from = Number(chosen.dataset.x), width = Number(chosen.dataset.w), scale = 1000 / width;
    for (const frame of frames) {
      const x = (Number(frame.dataset.x) - from) * scale, w = Number(frame.dataset.w) * scale;
      const left = Math.max(0, x), right = Math.min(1000, x + w);
      frame.style.display = right - left < 1 ? 'none' : '';
      const rect = frame.querySelector('rect'), text = frame.querySelector('text');
      rect.setAttribute('x', left); rect.setAttribute('width', Math.max(0, right - left));
      const room = Math.floor((right - left - 8) / 6.4), label = text.dataset.label;
      text.setAttribute('x', left + 4);
      text.textContent = room < 3 ? '' : label.length <= room ? label : label.slice(0, room - 1) + '…';
    }
  };
  const choose = (event) => { const frame = event.target.closest('.frame'); if (frame) widen(frame); };
  chart.addEventListener('click', choose);
  chart.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(event); }
    if (event.key === 'Escape') widen(frames[0]);
  });
}
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.querySelectorAll('th')];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const descending = head.getAttribute('aria-sort') !== 'descending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const x = value(a), y = value(b), nx = Number(x), ny = Number(y);
        const order = Number.isNaN(nx) || Number.isNaN(ny) ? x.localeCompare(y) : nx - ny;
        return descending ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}
`;
