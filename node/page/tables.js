// SPDX-License-Identifier: MIT
// Tables that are updated in place.
import { element, setClass, setText } from './dom.js';
import { bytes, clock, count, latency, peer, span } from './format.js';

/// A column: `text` of a row, whether it is a `number`, the row's heading (`head`), may `wrap`, a `title` to point at, a
/// class of its own (`look`), or a meter (`share`, 0 to 1).
class Table {
  #columns;
  #body;
  #empty;

  constructor(table, caption, columns, empty) {
    this.#columns = columns;
    this.#empty = empty;
    const heads = columns.map((c) => element('th', { scope: 'col', class: c.number ? 'number' : '' }, c.name));
    this.#body = element('tbody');
    table.replaceChildren(element('caption', {}, caption), element('thead', {}, element('tr', {}, ...heads)), this.#body);
  }

  fill(rows) {
    if (rows.length === 0) {
      this.#body.replaceChildren(element('tr', { class: 'empty' }, element('td', { colspan: this.#columns.length }, this.#empty)));
      return;
    }
    if (this.#body.firstChild?.className === 'empty') this.#body.replaceChildren();
    while (this.#body.children.length > rows.length) this.#body.lastChild.remove();
    rows.forEach((row, i) => this.#fillRow(this.#body.children[i] ?? this.#newRow(), row));
  }

  #newRow() {
    const row = element('tr');
    for (const c of this.#columns) {
      const cell = c.head ? element('th', { scope: 'row' }) : element('td');
      cell.append(c.share ? element('meter', { min: 0, max: 1, low: 0.7, high: 0.9, optimum: 0 }) : element('span'));
      setClass(cell, [c.number && 'number', c.wrap && 'wrap', c.peer && 'peer'].filter(Boolean).join(' '));
      row.append(cell);
    }
    this.#body.append(row);
    return row;
  }

  #fillRow(node, row) {
    this.#columns.forEach((c, i) => {
      const content = node.children[i].firstChild;
      if (c.share) {
        content.value = c.share(row);
        content.setAttribute('aria-label', c.text(row));
        return;
      }
      setText(content, c.text(row));
      if (c.look) setClass(content, c.look(row));
      if (c.title && content.title !== c.title(row)) content.title = c.title(row);
    });
  }
}

const peerColumn = (name, key) => ({
  name, head: true, peer: true, text: (row) => peer(row[key]), title: (row) => row[key],
});

export const checks = (table) => new Table(table, 'Readiness checks', [
  { name: 'Check', head: true, text: (c) => c.name },
  { name: 'State', text: (c) => (c.ok ? 'ok' : 'failed'), look: (c) => (c.ok ? 'mark ok' : 'mark failed') },
  { name: 'Detail', wrap: true, text: (c) => c.detail },
], 'none');

export const actors = (table) => new Table(table, 'Actors', [
  { name: 'Actor', head: true, text: (a) => a.name },
  { name: 'State', text: (a) => (a.alive ? 'alive' : 'gone'), look: (a) => (a.alive ? 'mark ok' : 'mark failed') },
  { name: 'Handled', number: true, text: (a) => count(a.handled) },
  { name: 'Waiting', number: true, text: (a) => count(a.mailbox_depth) },
  { name: 'Restarts', number: true, text: (a) => count(a.restarts) },
], 'none');

export const sessions = (table) => new Table(table, 'Sessions with peers', [
  peerColumn('Peer', 'peer'),
  { name: 'RTT', number: true, text: (s) => latency(s.rtt_seconds) },
  { name: 'Direction', text: (s) => s.direction },
  { name: 'Transport', text: (s) => s.transport },
  { name: 'Age', number: true, text: (s) => span(s.age_seconds) },
  { name: 'In', number: true, text: (s) => bytes(s.bytes_in) },
  { name: 'Out', number: true, text: (s) => bytes(s.bytes_out) },
  { name: 'Queued', number: true, text: (s) => bytes(s.queued_bytes) },
  { name: 'Lost', number: true, text: (s) => count(s.packets_lost) },
  { name: 'Agent', wrap: true, text: (s) => s.agent },
  { name: 'Address', wrap: true, text: (s) => s.remote.split('/p2p/')[0] },
], 'no sessions');

export const routes = (table) => new Table(table, 'Routes in use', [
  peerColumn('Destination', 'destination'),
  { name: 'Next hop', peer: true, text: (r) => peer(r.next_hop), title: (r) => r.next_hop },
  { name: 'Hops', number: true, text: (r) => count(r.hops) },
  { name: 'Metric', number: true, text: (r) => count(r.metric) },
  { name: 'Age', number: true, text: (r) => span(r.age_seconds) },
], 'no routes');

export const topics = (table) => new Table(table, 'Topics', [
  { name: 'Topic', head: true, wrap: true, text: (t) => t.topic },
  { name: 'Here', text: (t) => (t.subscribed ? 'subscribed' : 'no') },
  { name: 'Mesh', number: true, text: (t) => count(t.mesh) },
  { name: 'Subscribers', number: true, text: (t) => count(t.subscribers) },
], 'no topics');

export const buckets = (table) => new Table(table, 'Buckets of the routing table', [
  { name: 'Common bits', head: true, number: true, text: (b) => count(b.common_bits) },
  { name: 'Peers', number: true, text: (b) => count(b.peers) },
  { name: 'Replacements', number: true, text: (b) => count(b.replacements) },
  { name: 'Share', text: (b) => `${count(b.peers)} of ${count(b.most)}`, share: (b) => b.peers / b.most },
], 'no peers in the table');

const amount = (limit, x) =>
  x === null ? 'no limit' : limit.unit === 'bytes' ? bytes(x) : limit.unit === 'bytes_per_second' ? `${bytes(x)}/s` : count(x);

export const limits = (table) => new Table(table, 'Limits', [
  { name: 'Limit', head: true, text: (l) => l.name },
  { name: 'Used', number: true, text: (l) => amount(l, l.used) },
  { name: 'Of', number: true, text: (l) => amount(l, l.limit) },
  { name: 'Share', text: (l) => `${amount(l, l.used)} of ${amount(l, l.limit)}`, share: (l) => (l.limit ? l.used / l.limit : 0) },
  { name: 'Refused', number: true, text: (l) => count(l.refused) },
  { name: 'Key', peer: true, text: (l) => l.key },
], 'none');

const lineKeys = new Set(['number', 'time', 'level', 'component', 'event']);

/// The fields of a line beyond those that have a column.
export const fieldsOf = (line) =>
  Object.entries(line).filter(([key]) => !lineKeys.has(key)).map(([key, value]) => `${key}=${value}`).join(' ');

const looks = { warn: 'mark', error: 'mark failed' };

export const lines = (table) => new Table(table, 'Latest log lines, newest first', [
  { name: 'UTC', text: (l) => clock(l.time) },
  { name: 'Level', text: (l) => l.level, look: (l) => looks[l.level] ?? '' },
  { name: 'Component', text: (l) => l.component },
  { name: 'Event', text: (l) => l.event },
  { name: 'Fields', wrap: true, text: fieldsOf },
], 'no lines');
