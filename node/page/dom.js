// SPDX-License-Identifier: MIT
// The page is built with these alone. Text of peers becomes text nodes, never markup.

export const byId = (id) => document.getElementById(id);

const svgNamespace = byId('graph').namespaceURI;

function furnished(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const element = (tag, attributes = {}, ...children) =>
  furnished(document.createElement(tag), attributes, children);

export const shape = (tag, attributes = {}, ...children) =>
  furnished(document.createElementNS(svgNamespace, tag), attributes, children);

/// Touches the document only when something changed: a selection survives, a reader is not told twice.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, name) {
  if (node.getAttribute('class') !== name) node.setAttribute('class', name);
}

/// `pairs` of term and description.
export function setFacts(list, pairs) {
  while (list.children.length > pairs.length) list.lastChild.remove();
  pairs.forEach(([term, text], i) => {
    let row = list.children[i];
    if (!row) list.append(row = element('div', {}, element('dt'), element('dd')));
    setText(row.firstChild, term);
    setText(row.lastChild, text);
  });
}
