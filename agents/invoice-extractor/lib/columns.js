"use strict";

// The head of the table of line items: which columns it has, in which order.

// Each role with the words that name it. Of words that begin at the same place the first role counts.
const ROLES = [
  ["serial", "s\\.? ?no\\b\\.?", "s[rl]\\b\\.? ?(?:no\\b\\.?)?", "#", "no\\b\\."],
  ["code", "hsn ?[/-]? ?sac(?: code)?", "(?:hsn|sac)(?: code)?", "sku", "(?:item|product) code", "part no\\.?"],
  ["taxable", "taxable (?:value|amount|amt)\\.?"],
  [
    "unit_price",
    "(?:unit|item) (?:price|cost|rate)",
    "price ?(?:/|per) ?(?:unit|item)",
    "rate(?: ?/ ?\\w+| per \\w+)?(?! ?%)",
    "mrp",
  ],
  ["tax_rate", "(?:[csi]?gst|vat|tax) ?(?:rate ?(?:\\(?%\\)?)?|\\(?%\\)?)"],
  ["discount", "disc(?:ount)?\\b\\.? ?(?:\\(?%\\)?)?"],
  [
    "amount",
    "(?:line|net|total|ext(?:ended)?|gross) (?:total|amount|amt|price|value)\\.?",
    "amount",
    "amt\\b\\.?",
    "total",
  ],
  ["tax", "(?:[csi]?gst|vat|tax)(?: amount| amt\\.?)?"],
  [
    "description",
    "description(?: of (?:goods|services)(?: (?:and|&|/) (?:goods|services))?)?",
    "particulars",
    "(?:item|product|service)s?(?: (?:description|name|details))?",
    "details",
    "goods",
  ],
  ["quantity", "qty\\b\\.?", "quantity", "hours", "hrs\\b\\.?", "nos\\b\\.?"],
  ["measure", "uom", "units?", "per"],
  ["unit_price", "price", "cost"],
];
const ROLE = new RegExp(ROLES.map(([, ...forms], index) => `(?<r${index}>${forms.join("|")})`).join("|"), "gi");
// More than this many letters that are no column's name make it a sentence, not a table's head.
const MAX_OTHER_LETTERS = 12;
const MAX_HEAD_LENGTH = 300;
const MAX_COLUMNS = 14;

// The roles of a line's columns in order, or null if the line is no table head.
function readTableHead(line) {
  if (line.text.length > MAX_HEAD_LENGTH) return null;
  const roles = [];
  let taxAmountAt = 0;
  const rest = line.text.replace(ROLE, (...args) => {
    const groups = args.at(-1);
    const index = ROLES.findIndex((_, number) => groups[`r${number}`] !== undefined);
    roles.push(ROLES[index][0]);
    if (/^tax amount$/i.test(args[0])) taxAmountAt = roles.length;
    return " ";
  });
  // "Tax Amount" is two columns where nothing else is the amount.
  if (taxAmountAt > 0 && !roles.includes("amount")) roles.splice(taxAmountAt, 0, "amount");
  if (roles.length > MAX_COLUMNS || /\d/.test(rest)) return null;
  if (rest.replace(/\P{L}/gu, "").length > MAX_OTHER_LETTERS) return null;
  const has = (role) => roles.includes(role);
  const priced = has("amount") || has("taxable") || (has("quantity") && has("unit_price"));
  return has("description") && priced ? roles.filter((role) => role !== "measure") : null;
}

module.exports = { readTableHead };
