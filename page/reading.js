/**
 * Reads a drawing aloud, mark by mark: by pointer, touch and arrow keys. A drawing is an element of role slider with
 * data-chart; each of its marks has data-text, in order. What is read is shown in the .readout beside it.
 */
const places = new Map();

/** Which mark of a drawing is being read; undefined: none, so the latest. */
export const placeIn = (chart) => places.get(chart);

const marksOf = (drawing) => [...drawing.querySelectorAll('[data-text]')];

const read = (drawing, index) => {
  const marks = marksOf(drawing);
  const at = Math.max(0, Math.min(marks.length - 1, index));
  const mark = marks[at];
  if (mark === undefined) return;
  places.set(drawing.dataset.chart, at);
  for (const one of marks) one.classList.toggle('read', one === mark);
  drawing.setAttribute('aria-valuenow', String(at));
  drawing.setAttribute('aria-valuetext', mark.dataset.text);
  drawing.parentElement.querySelector('.readout').textContent = mark.dataset.text;
};

const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1, PageUp: 7, PageDown: -7 };

export const listenToReaders = (root) => {
  root.addEventListener('keydown', (event) => {
    const drawing = event.target.closest?.('[data-chart]');
    if (!drawing) return;
    const last = marksOf(drawing).length - 1;
    const at = Number(drawing.getAttribute('aria-valuenow'));
    const to = { Home: 0, End: last }[event.key] ?? (event.key in steps ? at + steps[event.key] : undefined);
    if (to === undefined) return;
    event.preventDefault();
    read(drawing, to);
  });
  for (const kind of ['pointermove', 'pointerdown']) {
    root.addEventListener(kind, (event) => {
      const drawing = event.target.closest?.('[data-chart]');
      if (!drawing) return;
      const index = nearest(marksOf(drawing), event);
      if (index >= 0) read(drawing, index);
    });
  }
};

/** The mark under the pointer, or in the same column of a bar chart. */
const nearest = (marks, { clientX, clientY }) => {
  let best = -1;
  let least = Infinity;
  marks.forEach((mark, index) => {
    const box = mark.getBoundingClientRect();
    const x = Math.max(box.left - clientX, 0, clientX - box.right);
    const y = Math.max(box.top - clientY, 0, clientY - box.bottom);
    // Bars differ in height, so a bar's column counts more than how near its top is.
    const far = x * 1000 + y;
    if (far < least) {
      least = far;
      best = index;
    }
  });
  return best;
};
