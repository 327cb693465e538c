"use strict";

// The sums of an invoice: subtotal, discount, taxes, shipping, rounding, total, what was paid and is due.

const { trailingNumbers } = require("./amounts");
const { toMinor, toNumber } = require("./decimal");
const { totalsLabel } = require("./labels");
const { nextLine } = require("./text");

// Money in minor units, null where the invoice does not say. A discount and what was paid are positive.
function findTotals(lines, table, format) {
  const found = new Map();
  const foundAfterItems = new Set();
  const lastItem = Math.max(-1, ...[...table.itemLines].slice(-1));
  const taxes = [];
  lines.forEach((line, index) => {
    if (line.blank || table.itemLines.has(index)) return;
    const entry = readTotal(lines, index, format);
    if (entry === null) return;
    if (entry.kind === "tax") taxes.push(entry.tax);
    // Printed twice, in a box at the top or in a summary at the end, the one right after the items counts.
    else if (!foundAfterItems.has(entry.kind)) found.set(entry.kind, entry.amount);
    if (index > lastItem) foundAfterItems.add(entry.kind);
  });
  return settle(found, dedupe(taxes));
}

function readTotal(lines, index, format) {
  const line = lines[index];
  let numbers = trailingNumbers(line, format.decimalMark);
  const label = totalsLabel(line, numbers);
  if (label === null) return null;
  if (numbers.every((number) => number.percent)) {
    // The label alone: its amount stands below, on a line of nothing else.
    const below = nextLine(lines, index, 1);
    const under = below === undefined ? [] : trailingNumbers(below, format.decimalMark);
    if (under.length !== 1 || totalsLabel(below, under) !== null || under[0].word > 1) return null;
    numbers = [...numbers, ...under];
  }
  const amount = toMinor(numbers.findLast((number) => !number.percent).value, format.minorDigits);
  if (amount === null) return null;
  if (label.kind !== "tax") {
    const positive = label.kind === "discount" || label.kind === "paid";
    return { kind: label.kind, amount: positive ? Math.abs(amount) : amount };
  }
  const percent = numbers.find((number) => number.percent);
  const named = label.rate === null ? null : Number(label.rate.replace(",", "."));
  const rate = percent ? toNumber(percent.value) : named;
  return { kind: "tax", tax: { name: label.name.toUpperCase(), rate, amount } };
}

// The same tax at the same rate and amount printed again (in a summary by HSN, say) is one tax.
function dedupe(taxes) {
  const seen = new Set();
  return taxes.filter(({ name, rate, amount }) => {
    const key = `${name} ${rate} ${amount}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function settle(found, taxes) {
  const get = (kind) => found.get(kind) ?? null;
  const grand = get("grand_total");
  const plain = get("total");
  // "Total" above a "Grand Total" is the sum of the items.
  const subtotal = get("subtotal") ?? (grand !== null && plain !== grand ? plain : null);
  const paid = get("paid");
  const total = grand ?? plain ?? (paid === null ? get("due") : null);
  const taxSum = taxes.reduce((sum, tax) => sum + tax.amount, 0);
  return {
    subtotal,
    discount: get("discount"),
    taxes,
    tax_total: get("tax_total") ?? (taxes.length > 0 ? taxSum : null),
    shipping: get("shipping"),
    round_off: get("round_off"),
    total,
    paid,
    due: get("due"),
  };
}

module.exports = { findTotals };
