// SPDX-License-Identifier: MIT
// A real browser, told what to do by lines of JSON on standard input; each is answered by one line.
//
//   node browser.mjs CHROMIUM [BROWSER-ARGUMENT…]
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [executablePath, ...args] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
let context = null;
let page = null;
/// What went wrong in the page, and whom it asked.
let trouble = [];
let hosts = new Set();

/// Runs before the page's own scripts.
function watchPolicy() {
  window.policyViolations = [];
  document.addEventListener('securitypolicyviolation', (e) =>
    window.policyViolations.push(`${e.effectiveDirective} ${e.blockedURI} ${e.sample}`));
  // When the node's first answer was painted: the first frame after the state of the node has been written.
  const observer = new MutationObserver(() => {
    const state = document.getElementById('state')?.textContent;
    if (!state || state === 'asking') return;
    observer.disconnect();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => { window.firstDataAt = performance.now(); };
      port2.postMessage(null);
    });
  });
  observer.observe(document, { childList: true, subtree: true, characterData: true });
}

/// The page as the node would serve it with another answer inside.
async function withAnswer(route, answer) {
  const response = await route.fetch();
  const place = /(<script id="first" type="application\/json">).*?(<\/script>)/s;
  const body = (await response.text()).replace(place, (_, before, after) => before + answer.replaceAll('<', '\\u003c') + after);
  await route.fulfill({ response, body });
}

async function open({ url, width = 1440, height = 1000, scheme = 'light', answer = null }) {
  await context?.close();
  trouble = [];
  hosts = new Set();
  context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce' });
  page = await context.newPage();
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type())) trouble.push(`console: ${m.text()}`); });
  page.on('pageerror', (e) => trouble.push(`error: ${e.message}`));
  page.on('dialog', async (d) => { trouble.push(`dialog: ${d.message()}`); await d.dismiss(); });
  page.on('request', (r) => hosts.add(new URL(r.url()).host));
  await page.addInitScript(watchPolicy);
  // Another answer than the node's, to see what the page makes of it.
  if (answer) {
    await page.route('**/v1/overview', (route) => route.fulfill({ status: 200, contentType: 'application/json', body: answer }));
    await page.route(url, (route) => withAnswer(route, answer));
  }
  const response = await page.goto(url);
  return { status: response.status(), text: await response.text() };
}

/// Everything that the page shows, as text.
function pageContent() {
  const text = (node) => (node?.textContent ?? '').trim();
  const rowsOf = (table) => [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.firstElementChild?.title || text(cell)));
  const scroller = document.scrollingElement;
  const [entry] = performance.getEntriesByType('navigation');
  return {
    title: document.title,
    state: text(document.getElementById('state')),
    detail: text(document.getElementById('state-detail')),
    stale: document.body.classList.contains('stale'),
    facts: Object.fromEntries([...document.querySelectorAll('#facts > div')].map((d) => [text(d.firstChild), text(d.lastChild)])),
    tables: Object.fromEntries([...document.querySelectorAll('table')].filter((t) => t.tBodies.length).map((t) => [t.id, rowsOf(t)])),
    notes: Object.fromEntries([...document.querySelectorAll('[id$=-note]')].map((n) => [n.id, text(n)])),
    graph: { caption: text(document.getElementById('graph-caption')), dots: document.querySelectorAll('#graph circle').length, lines: document.querySelectorAll('#graph line').length },
    legends: Object.fromEntries([...document.querySelectorAll('.charts figure')].map((f) => [f.id, [...f.querySelectorAll('.legend b')].map(text)])),
    curves: Object.fromEntries([...document.querySelectorAll('.charts figure')].map((f) => [f.id, [...f.querySelectorAll('polyline')].map((c) => c.getAttribute('points') ?? '')])),
    scripts: document.scripts.length,
    images: document.images.length,
    elements: document.querySelectorAll('*').length,
    overflow: scroller.scrollWidth - scroller.clientWidth,
    violations: window.policyViolations,
    ground: getComputedStyle(document.body).backgroundColor,
    load_ms: entry.loadEventEnd - entry.startTime,
    first_data_ms: window.firstDataAt ?? null,
    asked: [entry, ...performance.getEntriesByType('resource')].filter((r) => r.startTime < entry.loadEventEnd).map((r) => new URL(r.name).pathname),
    marks: window.marks ?? null,
  };
}

/// What assistive programs need: landmarks, names, and text that stands out (WCAG 2.2, 1.4.3).
function accessibility() {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const color = getComputedStyle(n).backgroundColor;
      if (!/, 0\)$|transparent/.test(color)) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest('svg, noscript, option')) continue;
    const [a, b] = [luminance(getComputedStyle(node).color), luminance(groundOf(node))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) poor.push(`${node.tagName} "${node.textContent.trim().slice(0, 30)}" ${contrast.toFixed(2)}`);
  }
  const tables = [...document.querySelectorAll('table')];
  return {
    poor,
    language: document.documentElement.lang,
    landmarks: ['header', 'nav', 'main', 'footer'].filter((tag) => document.querySelectorAll(tag).length === 1),
    headings: [...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1])),
    tables_without_caption: tables.filter((t) => !t.caption?.textContent).map((t) => t.id),
    heads_without_scope: document.querySelectorAll('th:not([scope])').length,
    pictures_without_name: [...document.querySelectorAll('svg[role=img]')].filter((s) => !document.getElementById(s.getAttribute('aria-labelledby'))?.textContent).length,
    unnamed_regions: [...document.querySelectorAll('[role=region]')].filter((r) => !document.getElementById(r.getAttribute('aria-labelledby'))).length,
    fields_without_label: [...document.querySelectorAll('select, input')].filter((f) => f.labels.length === 0).length,
  };
}

const commands = {
  open,
  read: async () => ({ ...(await page.evaluate(pageContent)), trouble, hosts: [...hosts] }),
  accessibility: () => page.evaluate(accessibility),
  click: async ({ selector }) => { await page.click(selector); },
  /// A fetch by the page that is open: what it was told, or that it was not let.
  fetch: ({ url }) => page.evaluate((target) => fetch(target).then((r) => r.text()).then((text) => ({ text }), (why) => ({ error: String(why) })), url),
  screenshot: async ({ path }) => { await page.screenshot({ path, fullPage: false }); },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await commands[command](options)) ?? true };
  } catch (why) {
    answer = { failed: String(why) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
