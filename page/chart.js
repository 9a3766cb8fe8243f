import { element, shape } from './elements.js';
import { placeIn } from './reading.js';

const round = (number) => Math.round(number * 100) / 100;
const letter = 6.6;
const short = (number) => (number < 10_000 ? String(number) : `${Math.round(number / 100) / 10}k`);

/** A drawing whose marks are read by pointer and arrow keys, and what is read of it. */
export const readable = ({ chart, caption, marks, drawing }) => {
  const at = Math.min(placeIn(chart) ?? marks.length - 1, marks.length - 1);
  marks.forEach((mark, index) => {
    if (index === at && placeIn(chart) !== undefined) mark.classList.add('read');
  });
  const text = marks[at]?.dataset.text ?? '';
  return [
    element(
      'div',
      {
        class: 'drawing',
        role: 'slider',
        tabindex: '0',
        'data-chart': chart,
        'aria-label': `${caption}; arrow keys go from one to the next`,
        'aria-valuemin': 0,
        'aria-valuemax': Math.max(0, marks.length - 1),
        'aria-valuenow': at,
        'aria-valuetext': text,
      },
      drawing,
    ),
    element('p', { class: 'readout', 'aria-hidden': 'true' }, text),
  ];
};

/** The text of a label that would not fit is anchored at the edge that it would cross. */
const anchorOf = (x, text, width) => {
  const half = (text.length * letter) / 2;
  if (x - half < 0) return { x: 0, 'text-anchor': 'start' };
  if (x + half > width) return { x: width, 'text-anchor': 'end' };
  return { x: round(x), 'text-anchor': 'middle' };
};

/** Steps of a scale from 0 that ends at or above the most: 1, 2 or 5 times a power of ten. */
const scaleOf = (most) => {
  const raw = Math.max(1, most) / 3;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw),
  );
  return Array.from({ length: Math.ceil(Math.max(1, most) / step) + 1 }, (_, index) => index * step);
};

/**
 * A bar chart, drawn as wide as its place. bars: [{label, value, text, uncounted}], `text` what is read of it; labels
 * under every `every`th bar, counted from the last; spans: [{from, to, label}] in bars, drawn behind.
 */
export const barChart = ({ chart, caption, bars, width, height = 210, every = 1, spans = [] }) => {
  const scale = scaleOf(Math.max(...bars.map(({ value }) => value)));
  const most = scale.at(-1);
  const left = Math.max(...scale.map((value) => short(value).length)) * letter + 10;
  const bottom = 26;
  const top = spans.length > 0 ? 24 : 10;
  const step = (width - left) / bars.length;
  const tall = height - bottom - top;
  const y = (value) => round(top + tall * (1 - value / most));
  const drawing = shape('svg', {
    class: 'chart',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    'aria-hidden': 'true',
  });
  for (const value of scale) {
    drawing.append(
      shape('line', { class: 'axis', x1: left, x2: width, y1: y(value), y2: y(value) }),
      shape('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)),
    );
  }
  for (const { from, to, label } of spans) {
    const x = round(left + from * step);
    const wide = round(Math.max(step, (to - from) * step));
    drawing.append(
      shape('rect', { class: 'surge', x, y: top - 4, width: wide, height: tall + 4, rx: 4 }),
      shape('text', { class: 'surge-label', y: top - 10, ...anchorOf(x + wide / 2, label, width) }, label),
    );
  }
  const gap = Math.min(8, step * 0.28);
  const marks = bars.map(({ value, text, uncounted }, index) => {
    const bar = {
      'data-text': text,
      x: round(left + index * step + gap / 2),
      width: round(Math.max(1, step - gap)),
      rx: round(Math.min(4, step / 4)),
    };
    const low = uncounted ? most * 0.12 : value;
    return shape('rect', {
      ...bar,
      class: uncounted ? 'uncounted' : 'bar-shape',
      y: y(low),
      height: round(top + tall - y(low)),
    });
  });
  drawing.append(...marks);
  bars.forEach(({ label }, index) => {
    if ((bars.length - 1 - index) % every !== 0) return;
    const x = left + (index + 0.5) * step;
    drawing.append(shape('text', { y: height - 8, ...anchorOf(x, label, width) }, label));
  });
  return readable({ chart, caption, marks, drawing });
};

/** A ring that is closed as far as the goal is reached. */
export const ring = (value, target) => {
  const radius = 52;
  const around = 2 * Math.PI * radius;
  const share = target > 0 ? Math.min(1, value / target) : 1;
  const common = { cx: 64, cy: 64, r: radius, fill: 'none', 'stroke-width': 13 };
  return shape(
    'svg',
    { class: 'goal-ring', viewBox: '0 0 128 128', 'aria-hidden': 'true' },
    shape('circle', { ...common, class: 'ring-ground' }),
    shape('circle', {
      ...common,
      class: share === 1 ? 'ring full' : 'ring',
      'stroke-linecap': share === 0 ? 'butt' : 'round',
      'stroke-dasharray': `${round(around * share)} ${round(around)}`,
      transform: 'rotate(-90 64 64)',
    }),
    shape('text', { class: 'ring-text', x: 64, y: 66, 'text-anchor': 'middle' }, String(value)),
    shape('text', { class: 'ring-of', x: 64, y: 84, 'text-anchor': 'middle' }, `of ${target} taps`),
  );
};
