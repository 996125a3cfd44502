// SPDX-License-Identifier: MIT
// The mesh as this node knows it: itself, its neighbours, and the nodes it reaches through them.
import { shape } from './dom.js';
import { count, latency, peer } from './format.js';

const neighboursMax = 48;
const beyondMax = 120;
const labelsMax = 16;
const innerRadius = 92;
const outerRadius = 168;

const at = (angle, radius) => ({ x: Math.round(radius * Math.cos(angle)), y: Math.round(radius * Math.sin(angle)) });

function dot(place, radius, name, text) {
  return shape('circle', { cx: place.x, cy: place.y, r: radius, class: name }, shape('title', {}, text));
}

function edge(from, to, name) {
  return shape('line', { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: name });
}

/// Peers in the order of their ids: a node keeps its place while it stays.
function neighboursOf(overview) {
  const known = new Map();
  for (const s of overview.sessions?.shown ?? []) if (!known.has(s.peer)) known.set(s.peer, s);
  return [...known.values()].sort((a, b) => (a.peer < b.peer ? -1 : 1));
}

/// Draws and returns a sentence that says the same.
export function drawGraph(svg, overview) {
  const neighbours = neighboursOf(overview);
  const drawn = neighbours.slice(0, neighboursMax);
  const place = new Map();
  drawn.forEach((s, i) => place.set(s.peer, { angle: (2 * Math.PI * i) / drawn.length - Math.PI / 2 }));
  const routes = (overview.routes?.shown ?? []).filter((r) => !place.has(r.destination) && place.has(r.next_hop));
  const beyond = routes.slice(0, beyondMax).sort((a, b) => (a.destination < b.destination ? -1 : 1));
  const own = { x: 0, y: 0 };
  const edges = [];
  const dots = [];
  const labels = [];
  const label = (where, id) => labels.push(shape('text', { x: where.x, y: where.y - 9 }, peer(id)));
  for (const s of drawn) {
    const where = at(place.get(s.peer).angle, beyond.length ? innerRadius : outerRadius * 0.85);
    edges.push(edge(own, where, 'near'));
    dots.push(dot(where, 7, 'neighbour', `${s.peer}\n${s.transport}, ${s.direction}, ${latency(s.rtt_seconds)}`));
    if (drawn.length <= labelsMax) label(where, s.peer);
    place.get(s.peer).point = where;
  }
  const behind = new Map();
  for (const r of beyond) behind.set(r.next_hop, [...(behind.get(r.next_hop) ?? []), r]);
  for (const [hop, far] of behind) {
    const { angle, point } = place.get(hop);
    const sector = (2 * Math.PI) / drawn.length;
    far.forEach((r, i) => {
      const where = at(angle + sector * 0.8 * ((i + 0.5) / far.length - 0.5), outerRadius);
      edges.push(edge(point, where, 'far'));
      dots.push(dot(where, 5, 'beyond', `${r.destination}\n${r.hops} hops`));
      if (beyond.length <= labelsMax) label(where, r.destination);
    });
  }
  dots.push(dot(own, 10, 'own', `this node\n${overview.peer}`));
  svg.replaceChildren(...edges, ...dots, ...labels);
  const hidden = neighbours.length - drawn.length + routes.length - beyond.length;
  const several = (n, noun) => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
  return `This node, ${several(neighbours.length, 'neighbour')}, ${several(routes.length, 'node')} known through them`
    + (hidden > 0 ? `; ${count(hidden)} of these are not drawn` : '');
}
