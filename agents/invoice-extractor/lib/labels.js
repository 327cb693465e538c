"use strict";

// The labels of the lines below the items: what "Sub Total", "CGST @ 9%" or "Less: Discount" mean.

// Patterns for the whole label, in small letters and without punctuation; the first kind that fits counts.
const TAX = "(?:tax(?:es)?|vat|gst)";
const CHARGE = "(?:(?: and)? (?:handling|forwarding|delivery|charges?|fees?|cost))*";
const LABELS = [
  [
    "subtotal",
    "sub ?total",
    `(?:total|amount) before ${TAX}`,
    "(?:total )?taxable (?:value|amount)",
    "net (?:amount|total|value)",
    "total net",
    `total (?:ex|excl|excluding) (?:of )?${TAX}`,
    "items? total",
    "basic amount",
  ],
  ["discount", "(?:(?:trade|cash|special|total|volume) )?(?:discount|rebate)"],
  ["tax_total", `total ${TAX}(?: amount)?`, "(?:tax|gst|vat) total"],
  [
    "tax",
    "(?:[csi]gst|utgst|gst|vat|hst|pst|qst|mwst|tva|tcs)(?: amount| payable)?",
    "(?:(?:sales|service) )?tax(?: amount| payable)?",
    "(?:gst )?(?:compensation )?cess(?: amount)?",
  ],
  ["shipping", `(?:shipping|freight|delivery|postage|packing|handling|courier|transport(?:ation)?)${CHARGE}`],
  ["round_off", "round(?:ed|ing)? ?off", "rounding(?: adjustment)?"],
  [
    "grand_total",
    "grand total",
    "invoice total",
    "(?:total|net|amount) (?:amount )?payable",
    "(?:total )?invoice (?:value|amount)",
    "total amount(?: after tax)?",
    `total (?:incl|including|inclusive) (?:of )?(?:all )?${TAX}`,
    "total after tax",
  ],
  ["total", "total"],
  [
    "paid",
    "(?:amount|total) paid",
    "paid(?: amount)?",
    "payments?(?: received)?",
    "advance(?: paid| received)?",
    "deposit(?: paid)?",
  ],
  ["due", "(?:amount|balance|total|net)(?: amount)? due", "balance(?: payable)?", "(?:amount )?outstanding"],
].map(([kind, ...forms]) => [kind, new RegExp(`^(?:${forms.join("|")})$`)]);
const MAX_LENGTH = 80;

// What the line is: { kind, name } or null. `numbers` are those at the end of the line.
// Beside other text (bank details, say) the label may stand in a cell of its own.
function totalsLabel(line, numbers) {
  const count = numbers.length === 0 ? line.words.length : numbers[0].word;
  const words = line.words.slice(0, count);
  if (words.length === 0) return null;
  const lastCell = words.filter((word) => word.cell === words.at(-1).cell);
  return matchLabel(joined(words)) ?? matchLabel(joined(lastCell));
}

function joined(words) {
  return words.map((word) => word.text).join(" ");
}

function matchLabel(text) {
  if (text.length > MAX_LENGTH) return null;
  const label = normalise(text);
  const entry = LABELS.find(([, pattern]) => pattern.test(label));
  return entry === undefined ? null : { kind: entry[0], name: label, rate: rateOf(text) };
}

function normalise(text) {
  return text
    .toLowerCase()
    .replace(/\([^)]*\)/g, " ")
    .replace(/\d+(?:[.,]\d+)?\s?%/g, " ")
    .replace(/[^\p{L}\d]+/gu, " ")
    .trim()
    .replace(/^(?:(?:add|less|plus|minus|output|input) )+/, "")
    .replace(/(?: (?:inr|usd|eur|gbp|rs|on|at))+$/, "");
}

// The percentage a label names, as text, or null.
function rateOf(text) {
  return /(\d{1,3}(?:[.,]\d{1,4})?)\s?%/.exec(text)?.[1] ?? null;
}

module.exports = { totalsLabel };
