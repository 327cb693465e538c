"use strict";

// Whether the invoice adds up. A check is made only where the invoice has all its numbers. `expected` is
// what the other numbers make, `actual` is what is printed, both in minor units.

const { decimal, fromMinor, multiply, percentOf, toMinor, toText } = require("./decimal");

const WEIGHTS = { number: 0.15, issued: 0.15, total: 0.2, items: 0.2, items_sum: 0.15, total_check: 0.15 };

function checkInvoice(table, totals, format) {
  const lineChecks = table.items.map((item, index) => checkLine(item, index + 1, format));
  const sum = itemsSum(table);
  const itemsCheck = checkItemsSum(sum, table, totals, format);
  const discountInside = itemsCheck?.discountInside ?? false;
  return [
    ...lineChecks,
    itemsCheck?.check,
    ...checkTaxRates(sum, table, totals, discountInside, format),
    checkTaxTotal(totals, format),
    checkTotal(sum, totals, discountInside, format),
    checkDue(totals, format),
  ].filter(Boolean);
}

function checkLine(item, line, format) {
  const { quantity, unit_price: price, tax } = item;
  const actual = item.report.amount;
  if (!quantity || !price || actual === null) return null;
  const gross = toMinor(multiply(quantity.value, price.value), format.minorDigits);
  if (gross === null) return null;
  const net = gross - (item.report.discount ?? 0);
  // Some tables print amounts with the row's tax in them.
  const withTax = net + (tax && !tax.percent ? toMinor(tax.value, format.minorDigits) : taxOf(net, item, format));
  const expected = fits(withTax, actual, format) && !fits(net, actual, format) ? withTax : net;
  const made = [`${toText(quantity.value)} × ${toText(price.value)}`];
  if (item.report.discount) made.push(`− ${money(item.report.discount, format)}`);
  if (expected !== net) made.push(`+ tax ${money(withTax - net, format)}`);
  return { ...verdict("line_amount", made.join(" "), expected, actual, format), line };
}

function taxOf(net, item, format) {
  if (!item.tax_rate) return 0;
  return shareOf(net, item.tax_rate.value, format);
}

function shareOf(amount, percent, { minorDigits }) {
  return toMinor(percentOf(fromMinor(amount, minorDigits), percent), minorDigits);
}

// The sum of the items' amounts; null when an amount is missing.
function itemsSum(table) {
  const amounts = table.items.map((item) => item.report.amount);
  if (amounts.length === 0 || amounts.includes(null)) return null;
  return amounts.reduce((sum, amount) => sum + amount, 0);
}

// The items make the subtotal, before or after the discount.
function checkItemsSum(sum, table, totals, format) {
  if (sum === null || totals.subtotal === null) return null;
  const discount = totals.discount ?? 0;
  const discountInside = discount > 0 && fits(sum - discount, totals.subtotal, format);
  const taxed = table.roles.some((role) => role === "tax" || role === "tax_rate");
  const made = `sum of ${table.items.length} items`;
  if (taxed && !fits(sum, totals.subtotal, format) && fits(sum, totals.total, format)) {
    // Amounts with tax make the total, not the subtotal.
    return { check: verdict("items_sum", `${made} with tax`, sum, totals.total, format), discountInside: false };
  }
  const expected = discountInside ? sum - discount : sum;
  const text = discountInside ? `${made} − discount ${money(discount, format)}` : made;
  return { check: verdict("items_sum", text, expected, totals.subtotal, format), discountInside };
}

// A tax at one rate on everything: rate times base. Where a tax comes at several rates, or rows have rates of
// their own, the bases are not known and nothing is checked.
function checkTaxRates(sum, table, totals, discountInside, format) {
  const base = totals.subtotal ?? sum;
  const rowRates = new Set(table.items.map((item) => item.report.tax_rate));
  if (base === null || rowRates.size > 1) return [];
  const net = base - (discountInside ? 0 : (totals.discount ?? 0));
  const bases = [net, net + (totals.shipping ?? 0)];
  return totals.taxes.flatMap((tax) => {
    const single = totals.taxes.filter((other) => other.name === tax.name).length === 1;
    if (tax.rate === null || !single) return [];
    const rate = rateDecimal(tax.rate);
    const amounts = bases.map((amount) => shareOf(amount, rate, format));
    const which = Math.max(0, amounts.findIndex((amount) => fits(amount, tax.amount, format)));
    const made = `${tax.name} ${tax.rate} % of ${money(bases[which], format)}`;
    return [verdict("tax_rate", made, amounts[which], tax.amount, format)];
  });
}

function rateDecimal(rate) {
  const [whole, fraction = ""] = String(rate).split(".");
  return decimal(whole + fraction, fraction.length);
}

function checkTaxTotal({ taxes, tax_total: actual }, format) {
  if (taxes.length < 2 || actual === null) return null;
  const expected = taxes.reduce((sum, tax) => sum + tax.amount, 0);
  return verdict("tax_total", `sum of ${taxes.length} taxes`, expected, actual, format);
}

// Subtotal − discount + taxes + shipping + rounding = total. Without a subtotal the items stand in for it.
function checkTotal(sum, totals, discountInside, format) {
  const base = totals.subtotal ?? sum;
  if (base === null || totals.total === null) return null;
  const parts = [
    ["− discount", discountInside ? 0 : -(totals.discount ?? 0)],
    ["+ tax", totals.tax_total ?? 0],
    ["+ shipping", totals.shipping ?? 0],
    ["+ rounding", totals.round_off ?? 0],
  ].filter(([, amount]) => amount !== 0);
  const expected = parts.reduce((total, [, amount]) => total + amount, base);
  if (totals.subtotal === null && fits(base, totals.total, format) && !fits(expected, totals.total, format)) {
    return verdict("total", `items ${money(base, format)}, taxes included`, base, totals.total, format);
  }
  const basis = totals.subtotal === null ? `items ${money(base, format)}` : money(base, format);
  const named = parts.map(([name, amount]) => `${name} ${money(name.startsWith("−") ? -amount : amount, format)}`);
  return verdict("total", [basis, ...named].join(" "), expected, totals.total, format);
}

function checkDue({ total, paid, due }, format) {
  if (total === null || paid === null || due === null) return null;
  const made = `${money(total, format)} − paid ${money(paid, format)}`;
  return verdict("due", made, total - paid, due, format);
}

function verdict(name, made, expected, actual, format) {
  const ok = fits(expected, actual, format);
  const printed = money(actual, format);
  const message = ok
    ? `${made} = ${printed}`
    : `${made} = ${money(expected, format)}, but the invoice says ${printed}`;
  return { name, line: null, status: ok ? "ok" : "failed", expected, actual, message };
}

function fits(expected, actual, { tolerance }) {
  return actual !== null && expected !== null && Math.abs(expected - actual) <= tolerance;
}

function money(minor, { minorDigits }) {
  return toText(fromMinor(minor, minorDigits));
}

// The share of what one wants from an invoice that is there, and holds.
function confidenceOf({ number, dates, table, totals, checks }) {
  const passed = (name) => {
    const named = checks.filter((check) => check.name === name);
    return named.length > 0 && named.every((check) => check.status === "ok");
  };
  const parts = [
    [number !== "", WEIGHTS.number],
    [dates.issued !== null, WEIGHTS.issued],
    [totals.total !== null, WEIGHTS.total],
    [table.items.length > 0, WEIGHTS.items],
    // An invoice without a subtotal has its items checked against the total.
    [passed("items_sum") || (totals.subtotal === null && passed("total")), WEIGHTS.items_sum],
    [passed("total"), WEIGHTS.total_check],
  ];
  const sum = parts.reduce((total, [holds, weight]) => total + (holds ? weight * 100 : 0), 0);
  return Math.round(sum) / 100;
}

module.exports = { checkInvoice, confidenceOf };
