import { element, shape } from './elements.js';

const round = (number) => Math.round(number * 100) / 100;

/**
 * A bar chart with its data as a table for whoever can't see it. bars: [{label, value, title, uncounted}], labels under
 * every `every`th bar; spans: [{from, to, label}] in bars, drawn behind.
 */
export const barChart = ({ bars, caption, unit, height = 190, width = 520, every = 1, spans = [] }) => {
  const left = 30;
  const bottom = 26;
  const top = 20;
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const step = (width - left - 4) / bars.length;
  const tall = height - bottom - top;
  const y = (value) => round(top + tall * (1 - value / most));
  const drawing = shape('svg', {
    class: 'chart',
    viewBox: `0 0 ${width} ${height}`,
    'aria-hidden': 'true',
  });
  for (const { from, to, label } of spans) {
    const x = round(left + from * step);
    const wide = round(Math.max(step, (to - from) * step));
    drawing.append(
      shape('rect', { class: 'surge', x, y: top - 14, width: wide, height: tall + 14, rx: 4 }),
      shape(
        'text',
        { class: 'surge-label', x: Math.min(x + 4, width - 7 * label.length), y: top - 3 },
        label,
      ),
    );
  }
  for (const value of most > 1 ? [0, most / 2, most] : [0, 1]) {
    const text = Number.isInteger(value) ? value : Math.round(value * 10) / 10;
    drawing.append(
      shape('line', { class: 'axis', x1: left, x2: width, y1: y(value), y2: y(value) }),
      shape('text', { x: left - 6, y: y(value) + 4, 'text-anchor': 'end' }, String(text)),
    );
  }
  bars.forEach(({ label, value, title, uncounted }, index) => {
    const x = left + index * step;
    const gap = Math.min(8, step * 0.25);
    const bar = {
      x: round(x + gap / 2),
      width: round(Math.max(1, step - gap)),
      rx: round(Math.min(4, step / 4)),
    };
    const drawn = uncounted
      ? shape('rect', { ...bar, class: 'uncounted', y: y(most * 0.12), height: round(tall * 0.12) })
      : shape('rect', { ...bar, class: 'bar-shape', y: y(value), height: round(tall - (y(value) - top)) });
    drawn.append(shape('title', {}, `${title}: ${uncounted ? 'not counted yet' : `${value} ${unit}`}`));
    drawing.append(drawn);
    if (index % every === 0) {
      drawing.append(
        shape('text', { x: round(x + step / 2), y: height - 8, 'text-anchor': 'middle' }, label),
      );
    }
  });
  const table = element(
    'table',
    {},
    element('caption', {}, caption),
    element(
      'tbody',
      {},
      ...bars.map(({ title, value, uncounted }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, title),
          element('td', {}, uncounted ? 'not counted yet' : `${value} ${unit}`),
        ),
      ),
    ),
  );
  return element('div', { class: 'drawing' }, drawing, element('div', { class: 'hidden-text' }, table));
};

/** A ring that is closed as far as the goal is reached. */
export const ring = (value, target) => {
  const radius = 42;
  const around = 2 * Math.PI * radius;
  const share = Math.min(1, value / target);
  const common = { cx: 52, cy: 52, r: radius, fill: 'none', 'stroke-width': 12 };
  return shape(
    'svg',
    { viewBox: '0 0 104 104', 'aria-hidden': 'true' },
    shape('circle', { ...common, class: 'ring-ground' }),
    shape('circle', {
      ...common,
      class: 'ring',
      'stroke-linecap': share === 0 ? 'butt' : 'round',
      'stroke-dasharray': `${round(around * share)} ${round(around)}`,
      transform: 'rotate(-90 52 52)',
    }),
    shape(
      'text',
      { class: 'ring-text', x: 52, y: 59, 'text-anchor': 'middle', 'font-size': 22 },
      `${Math.floor(share * 100)}%`,
    ),
  );
};
