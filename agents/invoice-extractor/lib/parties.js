"use strict";

// Who sells and who buys: names and tax ids. What stands below "Bill to" belongs to the buyer, what stands
// above it or below the items to the seller. Where both stand side by side, the column decides.

const { datesIn } = require("./dates");
const { taxIdsIn } = require("./tax-ids");

const BUYER = [
  "bill(?:ed)? to", "sold to", "ship(?:ped)? to", "invoiced? to", "deliver(?:ed)? to",
  "buyer", "customer", "consignee", "client", "recipient",
].join("|");
const SELLER = [
  "sold by", "bill(?:ed)? from", "issued by", "from", "seller", "supplier", "vendor", "service provider",
].join("|");
// "Bill To Acme" needs no colon; "Customer Acme" does, since "Customer ID" is something else.
const ABOUT = String.raw`(?: (?:name|details|address|information|\([^)]*\)))*`;
const MARKER = new RegExp(`^(?:(?<buyer>${BUYER})|(?<seller>${SELLER}))${ABOUT}(?: ?:|$|(?<= to| by) )`, "i");
// "Buyer's GSTIN: …" says whose it is, wherever it stands.
const OWNED = new RegExp(
  String.raw`^(?:(?<buyer>your|${BUYER})|(?<seller>our|company|${SELLER}))(?:'s|’s)? ?(?:gst|pan|vat|tax)`,
  "i",
);
const NOT_A_NAME = [
  /^(?:tax |proforma |commercial |retail )?(?:invoice|bill|receipt|rechnung|credit note)\b/i,
  /^(?:dear|original|duplicate|copy|page|date|gst|pan|vat|tel|phone|e-?mail|www)\b/i,
  /[:@]/,
  /^\P{L}+$/u,
  /\d[.,]\d{2}\b/,
  // A sentence.
  /^(?:\S+ ){4,}\S+\.$/,
];
// How many lines of the page's top a seller's name without a marker is looked for in.
const MAX_TOP_LINES = 4;
// A real page has two or three blocks side by side; more markers in one line are not markers.
const MAX_MARKERS = 4;

function findParties(lines, table) {
  const parties = { seller: { name: null, tax_ids: [] }, buyer: { name: null, tax_ids: [] } };
  // Columns of the page at this height: from which position on the text belongs to whom.
  let columns = [{ start: 0, party: "seller", named: false }];
  let seen = 0;
  for (const [index, line] of lines.entries()) {
    if (!line.blank && ++seen > MAX_TOP_LINES && !columns[0].marked) columns[0].named = true;
    if (index === table.headerLine) columns = [{ start: 0, party: "seller", named: true }];
    const markers = markersOf(line);
    if (markers.length > 0) columns = place(markers, columns);
    for (const cell of line.cells) {
      const column = columnOf(columns, cell.start);
      const marked = markers.find((marker) => marker.start === cell.start);
      offerName(parties, column, marked ? marked.rest : cell.text);
      addTaxIds(parties, column.party, cell.text);
    }
  }
  for (const party of Object.values(parties)) delete party.nameMarked;
  return parties;
}

function markersOf(line) {
  const markers = line.cells.flatMap((cell) => {
    const match = MARKER.exec(cell.text);
    if (match === null) return [];
    const rest = cell.text.slice(match[0].length).trim();
    const party = match.groups.buyer ? "buyer" : "seller";
    // "From: 01/04/2025" is a period.
    if (/^\d/.test(rest)) return [];
    return [{ start: cell.start, party, rest, named: false, marked: true }];
  });
  return markers.length <= MAX_MARKERS ? markers : [];
}

// A marker that begins in the middle of the line leaves what is left of it to whom it belonged.
function place(markers, before) {
  const [first] = markers;
  const left = first.start > 2 ? before.filter((column) => column.start < first.start - 2).slice(0, 1) : [];
  return [...left, ...markers];
}

function columnOf(columns, position) {
  return columns.findLast((column) => column.start <= position + 2) ?? columns[0];
}

// The first text below (or after) a marker that can be a name is the name; without a marker for the
// seller, the first such text of the page.
function offerName(parties, column, text) {
  if (column.named || NOT_A_NAME.some((pattern) => pattern.test(text))) return;
  if (taxIdsIn(text).length > 0 || datesIn(text, true).length > 0) return;
  if (!/\p{L}{2}/u.test(text)) return;
  column.named = true;
  const party = parties[column.party];
  if (party.name === null || (column.marked && !party.nameMarked)) {
    party.name = text;
    party.nameMarked = column.marked === true;
  }
}

function addTaxIds(parties, party, text) {
  const owned = OWNED.exec(text)?.groups;
  const owner = owned ? (owned.buyer ? "buyer" : "seller") : party;
  for (const { start, ...id } of taxIdsIn(text)) {
    const known = parties[owner].tax_ids.some((other) => other.value === id.value);
    if (!known) parties[owner].tax_ids.push(id);
  }
}

module.exports = { findParties };
