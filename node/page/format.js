// SPDX-License-Identifier: MIT
// Numbers and ids as people read them.

const isNumber = (x) => typeof x === 'number' && Number.isFinite(x);

export function count(x) {
  return isNumber(x) ? String(Math.round(x)).replace(/\B(?=(\d{3})+$)/g, ',') : '–';
}

/// Three digits and a unit of thousands.
export function short(x) {
  if (!isNumber(x)) return '–';
  let unit = '';
  for (const next of ['k', 'M', 'G', 'T']) {
    if (Math.abs(x) < 1000) break;
    x /= 1000;
    unit = next;
  }
  const digits = x === 0 || Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 10 ? 1 : 2;
  return String(Number(x.toFixed(digits))) + unit;
}

export function bytes(x) {
  if (!isNumber(x)) return '–';
  let unit = 'B';
  for (const next of ['KiB', 'MiB', 'GiB', 'TiB']) {
    if (Math.abs(x) < 1024) break;
    x /= 1024;
    unit = next;
  }
  return `${Number(x.toFixed(x < 10 && unit !== 'B' ? 1 : 0))} ${unit}`;
}

/// A span short enough to be measured in a network.
export function latency(seconds) {
  if (!isNumber(seconds) || seconds <= 0) return '–';
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  return `${Number(seconds.toPrecision(3))} s`;
}

/// A span of a node's life.
export function span(seconds) {
  if (!isNumber(seconds)) return '–';
  const s = Math.floor(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

export function clock(unixSeconds) {
  const date = new Date(unixSeconds * 1000);
  return Number.isNaN(date.getTime()) ? '–' : date.toISOString().slice(11, 19);
}

/// The end of an id tells peers apart, its beginning is the same for all.
export const peer = (id) => `…${String(id).slice(-8)}`;

/// How many of a list are shown.
export const part = (list, noun) =>
  `${count(list.total)} ${noun}${list.total === 1 ? '' : 's'}` + (list.shown.length < list.total ? `, ${count(list.shown.length)} shown` : '');
