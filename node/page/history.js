// SPDX-License-Identifier: MIT
// The last minutes of the node's counters, in the page's memory.

const samplesMax = 300;

export class History {
  #samples = [];

  get length() {
    return this.#samples.length;
  }

  /// An overview of the node. A node that has started anew starts a new history.
  add(overview) {
    const last = this.#samples.at(-1);
    const at = overview.uptime_seconds;
    if (last && (at < last.at || overview.peer !== last.peer)) this.#samples = [];
    if (last && at === last.at) return;
    const process = overview.process ?? {};
    this.#samples.push({
      at, peer: overview.peer,
      values: { ...overview.counters, cpu_seconds: process.cpu_seconds, rss_bytes: process.rss_bytes },
    });
    if (this.#samples.length > samplesMax) this.#samples.shift();
  }

  /// [seconds before now, value] of what a counter grew by in a second.
  rates(key) {
    const now = this.#samples.at(-1)?.at ?? 0;
    const points = [];
    for (let i = 1; i < this.#samples.length; ++i) {
      const [before, after] = [this.#samples[i - 1], this.#samples[i]];
      const grown = (after.values[key] - before.values[key]) / (after.at - before.at);
      if (Number.isFinite(grown)) points.push([after.at - now, Math.max(grown, 0)]);
    }
    return points;
  }

  /// [seconds before now, value] of a value itself.
  levels(key) {
    const now = this.#samples.at(-1)?.at ?? 0;
    return this.#samples.filter((s) => Number.isFinite(s.values[key])).map((s) => [s.at - now, s.values[key]]);
  }
}
