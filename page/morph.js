const isCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * Makes the children of `place` like `wanted` by changing only what differs, so that nothing flashes, and focus, scroll
 * and open explanations stay. Children with a data-key are found again wherever they moved, those of one key in their
 * order.
 */
export const morph = (place, wanted) => {
  const parts = wanted.map((part) => (typeof part === 'string' ? document.createTextNode(part) : part));
  const keyed = new Map();
  for (const child of place.childNodes) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, [...(keyed.get(key) ?? []), child]);
  }
  let at = place.firstChild;
  for (const part of parts) {
    const key = keyOf(part);
    const old = key === undefined ? at : keyed.get(key)?.shift();
    if (old && isAlike(old, part)) {
      if (old === at) at = at.nextSibling;
      else place.insertBefore(old, at);
      become(old, part);
    } else place.insertBefore(part, at);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
};

const keyOf = (node) => node.dataset?.key;
const isAlike = (old, part) =>
  old.nodeType === part.nodeType && old.nodeName === part.nodeName && keyOf(old) === keyOf(part);

const become = (old, part) => {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== part.data) old.data = part.data;
    return;
  }
  const from = old.dataset?.number;
  for (const { name } of [...old.attributes]) {
    // Whether an explanation is open is its reader's choice.
    if (!part.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  }
  for (const { name, value } of part.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (from !== undefined && part.dataset.number !== undefined && from !== part.dataset.number && !isCalm()) {
    count(old, Number(from), Number(part.dataset.number), part.textContent);
    return;
  }
  morph(old, [...part.childNodes]);
};

const countingMs = 600;

/** Counts from the old number to the new one. */
const count = (place, from, to, text) => {
  const begun = performance.now();
  const step = (moment) => {
    // Changed once more meanwhile.
    if (place.dataset.number !== String(to)) return;
    const share = Math.min(1, (moment - begun) / countingMs);
    const now = Math.round(from + (to - from) * share);
    place.textContent = share < 1 ? now.toLocaleString('en-US') : text;
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
};
