// SPDX-License-Identifier: MIT
// Asks the node once a second while the page is seen, and shows what it says.
import { Chart } from './chart.js';
import { byId, setClass, setFacts, setText } from './dom.js';
import { bytes, clock, count, part, short, span } from './format.js';
import { drawGraph } from './graph.js';
import { History } from './history.js';
import { actors, buckets, checks, limits, lines, routes, sessions, topics } from './tables.js';

const interval = 1000;
const patience = 5000;
/// Between two questions to a node that does not answer.
const retryMax = 5000;

const history = new History();
const perSecond = (x) => `${short(x)}/s`;
const messages = ['messages_sent', 'messages_delivered', 'messages_forwarded', 'messages_dropped'];
const broadcasts = ['broadcasts_published', 'broadcasts_delivered', 'broadcasts_forwarded', 'broadcasts_dropped'];
const named = ['sent', 'delivered', 'forwarded', 'dropped'];
const charts = {
  messages: new Chart(byId('chart-messages'), 'Private messages', named, perSecond),
  broadcasts: new Chart(byId('chart-broadcasts'), 'Broadcasts', ['published', ...named.slice(1)], perSecond),
  bytes: new Chart(byId('chart-bytes'), 'Network', ['in', 'out'], (x) => `${bytes(x)}/s`),
  process: new Chart(byId('chart-process'), 'Processor', ['share of one core'], (x) => `${Number((100 * x).toFixed(1))} %`),
};
const table = {
  checks: checks(byId('checks')),
  actors: actors(byId('actors')),
  sessions: sessions(byId('sessions')),
  routes: routes(byId('routes')),
  topics: topics(byId('topic-list')),
  buckets: buckets(byId('buckets')),
  limits: limits(byId('limit-list')),
  lines: lines(byId('lines')),
};

let latest = null;
let failures = 0;
let failedSince = null;
let timer = 0;
let asking = false;

function drawCharts() {
  charts.messages.draw(messages.map((key) => history.rates(key)));
  charts.broadcasts.draw(broadcasts.map((key) => history.rates(key)));
  charts.bytes.draw(['bytes_in', 'bytes_out'].map((key) => history.rates(key)));
  charts.process.draw([history.rates('cpu_seconds')]);
}

function showFacts(o) {
  const process = o.process ?? {};
  setFacts(byId('facts'), [
    ['Peer', o.peer],
    ['Version', o.version],
    ['Up for', span(o.uptime_seconds)],
    ['Profile', o.profile],
    ['Sessions', count(o.session_count)],
    ['Nodes known', count(o.destinations)],
    ['Memory', bytes(process.rss_bytes)],
    ['Outbox', `${count(o.outbox.messages)} messages`],
    ['Inbox', `${count(o.inbox.messages)} messages`],
    ['Listening', o.listening ? o.listening.map((a) => a.split('/p2p/')[0]).join(' ') || 'nowhere' : '–'],
  ]);
}

function showState(o) {
  const failed = o.checks.filter((c) => !c.ok).map((c) => c.name);
  setText(byId('state'), o.draining ? 'shutting down' : o.ready ? 'ready' : 'not ready');
  setClass(byId('state'), `badge ${o.draining ? 'waiting' : o.ready ? 'ready' : 'failed'}`);
  setText(byId('state-detail'), failed.length ? `failed: ${failed.join(', ')}` : '');
  document.body.classList.remove('stale');
  const name = o.name || 'Weft node';
  setText(byId('name'), name);
  document.title = `${name}: ${byId('state').textContent}`;
}

/// A list that its actor did not tell in time stays as it was, and says so.
function showList(target, noteId, list, noun) {
  if (noteId) setText(byId(noteId), list ? part(list, noun) : 'no answer');
  if (list) target.fill(list.shown);
}

function showDht(dht) {
  if (!dht) return setText(byId('dht-note'), 'no answer');
  const size = dht.network_size === null ? 'size of the network not known yet' : `about ${count(dht.network_size)} servers in the network`;
  setText(byId('dht-note'), `${dht.server ? 'server' : 'client'}, ${count(dht.table_peers)} peers in the table, `
    + `${count(dht.known_peers)} known, ${count(dht.records)} records, ${count(dht.providers)} providers, ${size}`);
  const most = Math.max(1, ...dht.buckets.map((b) => b.peers));
  table.buckets.fill(dht.buckets.map((b) => ({ ...b, most })));
}

function showLog(log) {
  const levels = ['debug', 'info', 'warn', 'error'];
  const least = Number(byId('log-level').value);
  const shown = log.shown.filter((line) => levels.indexOf(line.level) >= least).reverse();
  setText(byId('log-note'), `${count(log.total)} lines since the start, the latest ${count(log.shown.length)} are here`);
  table.lines.fill(shown);
}

function show(o) {
  showState(o);
  showFacts(o);
  table.checks.fill(o.checks);
  if (byId('actors-box').open) table.actors.fill(o.actors);
  if (o.sessions) setText(byId('graph-caption'), drawGraph(byId('graph'), o));
  showList(table.sessions, 'peers-note', o.sessions, 'session');
  if (byId('routes-box').open) showList(table.routes, null, o.routes, 'route');
  showList(table.topics, 'topics-note', o.topics, 'topic');
  showDht(o.dht);
  table.limits.fill(o.limits);
  showLog(o.log);
  drawCharts();
}

function showFailure(why) {
  failedSince ??= Date.now() / 1000;
  setText(byId('state'), 'not answering');
  setClass(byId('state'), 'badge failed');
  setText(byId('state-detail'), `since ${clock(failedSince)} UTC (${why})${latest ? '; what is below was said before' : ''}`);
  document.body.classList.add('stale');
  document.title = `${byId('name').textContent}: not answering`;
}

async function ask() {
  const response = await fetch('/v1/overview', { cache: 'no-store', signal: AbortSignal.timeout(patience) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.text ?? `status ${response.status}`);
  return answer;
}

function take(answer) {
  failures = 0;
  failedSince = null;
  latest = answer;
  history.add(answer);
  show(answer);
}

async function turn() {
  clearTimeout(timer);
  if (asking) return;
  asking = true;
  try {
    take(await ask());
  } catch (why) {
    ++failures;
    showFailure(why instanceof TypeError ? 'no connection' : why.message);
  }
  asking = false;
  if (!document.hidden) timer = setTimeout(turn, failures ? Math.min(interval * failures, retryMax) : interval);
}

document.addEventListener('visibilitychange', () => { if (!document.hidden) turn(); });
for (const id of ['actors-box', 'routes-box', 'log-level'])
  byId(id).addEventListener(id === 'log-level' ? 'change' : 'toggle', () => { if (latest) show(latest); });
// What the node said with the page itself.
const first = JSON.parse(byId('first').textContent);
if (first) {
  take(first);
  timer = setTimeout(turn, interval);
} else {
  turn();
}
