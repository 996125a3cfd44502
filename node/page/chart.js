// SPDX-License-Identifier: MIT
// Line charts over the last minutes.
import { element, setText, shape } from './dom.js';

const height = 136;
const inset = { left: 60, right: 6, top: 8, bottom: 18 };
const spans = [60, 120, 300];

/// The next of 1, 2 and 5 times a power of ten.
function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((f) => f * power).find((x) => x >= value * 0.999);
}

export class Chart {
  #svg;
  #curves = [];
  #values = [];
  #grid;
  #format;
  #width = 300;
  #lists = [];

  /// Fills `figure`. `names` are of at most four curves, `format` writes their values.
  constructor(figure, title, names, format) {
    this.#format = format;
    const id = `${figure.id}-title`;
    this.#svg = shape('svg', { class: 'chart', role: 'img', 'aria-labelledby': id });
    this.#grid = shape('g');
    this.#curves = names.map((_, i) => shape('polyline', { class: `curve s${i}` }));
    this.#svg.append(this.#grid, ...this.#curves);
    const legend = element('ul', { class: 'legend' });
    for (const [i, name] of names.entries()) {
      const sample = shape('svg', { viewBox: '0 0 30 10', 'aria-hidden': 'true' },
        shape('line', { class: `curve s${i}`, x1: 0, x2: 30, y1: 5, y2: 5 }));
      const value = element('b');
      this.#values.push(value);
      legend.append(element('li', {}, sample, ` ${name} `, value));
    }
    const caption = element('figcaption', {}, element('h3', { id }, title));
    figure.replaceChildren(caption, this.#svg, legend);
    // Told its width once it is laid out, instead of having the page laid out to ask for it.
    new ResizeObserver(([entry]) => {
      this.#width = Math.max(entry.contentRect.width, 200);
      this.draw(this.#lists);
    }).observe(this.#svg);
  }

  /// One list of [seconds before now, value] for each curve.
  draw(lists) {
    this.#lists = lists;
    const width = this.#width;
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const oldest = Math.max(0, ...lists.map((points) => -(points[0]?.[0] ?? 0)));
    const span = spans.find((s) => s >= oldest) ?? spans.at(-1);
    const top = ceiling(Math.max(0, ...lists.flat().map(([, value]) => value)));
    const x = (t) => inset.left + (width - inset.left - inset.right) * (1 + t / span);
    const y = (value) => inset.top + (height - inset.top - inset.bottom) * (1 - value / top);
    lists.forEach((points, i) => {
      const inside = points.filter(([t]) => t >= -span);
      this.#curves[i].setAttribute('points', inside.map(([t, v]) => `${x(t).toFixed(1)},${y(v).toFixed(1)}`).join(' '));
      setText(this.#values[i], points.length ? this.#format(points.at(-1)[1]) : '–');
    });
    this.#drawGrid(width, span, top, x, y);
  }

  #drawGrid(width, span, top, x, y) {
    const parts = [];
    for (const value of [0, top / 2, top]) {
      parts.push(shape('line', { class: 'grid', x1: inset.left, x2: width - inset.right, y1: y(value), y2: y(value) }));
      parts.push(shape('text', { x: inset.left - 4, y: y(value) + 4, 'text-anchor': 'end' }, this.#format(value)));
    }
    parts.push(shape('text', { x: x(-span), y: height - 4 }, `${span} s ago`));
    parts.push(shape('text', { x: x(0), y: height - 4, 'text-anchor': 'end' }, 'now'));
    this.#grid.replaceChildren(...parts);
  }
}
