"use strict";

// The line items. The table's head tells what the numbers of a row are; without a head a row counts as
// an item when quantity times unit price makes its amount.

const { trailingNumbers } = require("./amounts");
const { readTableHead } = require("./columns");
const { add, multiply, percentOf, toMinor, toNumber } = require("./decimal");
const { totalsLabel } = require("./labels");

// Columns that rows may leave empty, in the order in which that is likely.
const OPTIONAL = ["discount", "code", "tax", "tax_rate", "quantity", "unit_price"];
// How many ways of leaving columns out are tried per row.
const MAX_CHOICES = 50;
const END_OF_TABLE = new RegExp(
  String.raw`^(?:notes?|terms|remarks|declaration|bank|payment|thank|amount (?:chargeable )?\(?in words|` +
    String.raw`in words|rupees|page \d|for [A-Z]|authori[sz]ed|e\. ?& ?o\. ?e)`,
  "i",
);

// Returns { headerLine, roles, items, itemLines }; headerLine is -1 when there is no table head.
function findItems(lines, format) {
  const headerLine = lines.findIndex((line) => readTableHead(line) !== null);
  const roles = headerLine === -1 ? null : readTableHead(lines[headerLine]);
  const layout = roles === null ? null : new Layout(roles);
  const table = { headerLine, roles: roles ?? [], items: [], itemLines: new Set() };
  let prefix = "";
  let open = roles !== null;
  for (let index = headerLine + 1; index < lines.length; index++) {
    const line = lines[index];
    if (line.blank) {
      open = false;
      continue;
    }
    if (roles !== null && readTableHead(line) !== null) continue;
    const numbers = trailingNumbers(line, format.decimalMark);
    if (endsTable(line, numbers)) {
      if (roles !== null && table.items.length > 0) break;
      continue;
    }
    const item = readItem(line, numbers, layout, format);
    if (item !== null) {
      item.description = [prefix, item.description].filter(Boolean).join(" ");
      prefix = "";
      if (item.description === "") continue;
      table.items.push(item);
      table.itemLines.add(index);
      open = true;
    } else if (open && numbers.length === 0) {
      // A description that goes on in the next line, or begins in the line before its numbers.
      const text = line.cells.map((cell) => cell.text).join(" ");
      if (table.items.length > 0) table.items.at(-1).description += ` ${text}`;
      else prefix = [prefix, text].filter(Boolean).join(" ");
    }
  }
  table.items.forEach((item) => finish(item, format));
  return table;
}

function endsTable(line, numbers) {
  if (END_OF_TABLE.test(line.text.trim())) return true;
  const amounts = numbers.filter((number) => !number.percent);
  return amounts.length <= 2 && totalsLabel(line, numbers) !== null;
}

function readItem(line, numbers, layout, format) {
  if (numbers.length === 0) return null;
  const fields = layout === null ? guessFields(numbers, format) : layout.assign(numbers, format);
  if (fields === null) return null;
  const firstWord = fields.firstWord;
  const words = line.words.slice(0, firstWord).map((word) => word.text);
  const { code, rest } = takeLeading(words, layout?.roles ?? []);
  const description = rest.join(" ").replace(/[\s:@]+$/, "");
  if (layout === null && !/\p{L}{2}/u.test(description)) return null;
  return { ...fields, code: fields.code ?? code, description };
}

// What stands before the description: the row's number and, in some tables, a code.
function takeLeading(words, roles) {
  const leading = roles.slice(0, Math.max(0, roles.indexOf("description")));
  let [code, rest] = [null, words];
  if (leading.includes("serial") && /^\d{1,4}[.)]?$/.test(rest[0] ?? "")) rest = rest.slice(1);
  if (leading.includes("code") && rest.length > 1) [code, rest] = [rest[0], rest.slice(1)];
  return { code, rest };
}

// Gives the last numbers of the row to the columns after the description. Where the row has fewer
// numbers than columns, optional columns are taken as empty; which, arithmetic decides.
class Layout {
  constructor(roles) {
    this.roles = roles;
    this.columns = roles.slice(roles.indexOf("description") + 1).filter((role) => role !== "serial");
    this.choices = new Map();
  }

  assign(numbers, format) {
    const surplus = this.columns.length - numbers.length;
    if (surplus <= 0) return zip(numbers.slice(numbers.length - this.columns.length), this.columns);

    if (!this.choices.has(surplus)) {
      this.choices.set(surplus, withoutSome(this.columns, surplus).slice(0, MAX_CHOICES));
    }
    const candidates = this.choices.get(surplus).map((kept) => zip(numbers, kept));
    return candidates.find((fields) => addsUp(fields, format)) ?? candidates[0] ?? null;
  }
}

// The columns with `count` optional ones left out, in every way, the likeliest first.
function withoutSome(columns, count) {
  const optional = OPTIONAL.flatMap((role) =>
    columns.flatMap((column, index) => (column === role ? [index] : [])),
  );
  return combinations(optional, count).map((left) => columns.filter((_, index) => !left.includes(index)));
}

function combinations(values, count, from = 0) {
  if (count === 0) return [[]];
  return values
    .slice(from)
    .flatMap((value, offset) =>
      combinations(values, count - 1, from + offset + 1).map((rest) => [value, ...rest]),
    );
}

function zip(numbers, columns) {
  const fields = { firstWord: numbers[0].word };
  columns.forEach((column, index) => {
    const number = numbers[index];
    const role = column === "tax" && number.percent ? "tax_rate" : column;
    // Central and state tax have columns of their own; their sum is the row's tax.
    const adds = (role === "tax" || role === "tax_rate") && fields[role] !== undefined;
    if (adds) fields[role] = { ...number, value: add(fields[role].value, number.value) };
    else fields[role] = role === "code" ? number.text : number;
  });
  return fields;
}

// Without a table head: quantity, unit price and amount, whose product must fit.
function guessFields(numbers, format) {
  const plain = numbers.filter((number) => !number.percent);
  const amount = plain.at(-1);
  for (let index = plain.length - 3; index >= 0; index--) {
    const fields = { quantity: plain[index], unit_price: plain[index + 1], amount };
    if (addsUp(fields, format)) return { ...fields, firstWord: numbers[numbers.indexOf(plain[index])].word };
  }
  return null;
}

function addsUp(fields, format) {
  const amount = fields.taxable ?? fields.amount;
  if (!fields.quantity || !fields.unit_price || !amount || fields.quantity.percent) return false;
  const digits = format.minorDigits;
  const product = toMinor(multiply(fields.quantity.value, fields.unit_price.value), digits);
  const printed = toMinor(amount.value, digits);
  if (product === null || printed === null) return false;
  return Math.abs(product - discountOf(fields, format) - printed) <= 1;
}

// A row's discount in minor units, 0 when it has none or it cannot be known.
function discountOf(fields, { minorDigits }) {
  if (!fields.discount) return 0;
  if (!fields.discount.percent) return Math.abs(toMinor(fields.discount.value, minorDigits));
  if (!fields.quantity || !fields.unit_price) return 0;
  const product = multiply(fields.quantity.value, fields.unit_price.value);
  return toMinor(percentOf(product, fields.discount.value), minorDigits);
}

function finish(item, format) {
  const minor = (number) => (number ? toMinor(number.value, format.minorDigits) : null);
  const computable = item.discount && (!item.discount.percent || (item.quantity && item.unit_price));
  item.report = {
    description: item.description,
    code: item.code ?? null,
    quantity: item.quantity ? toNumber(item.quantity.value) : null,
    unit_price: minor(item.unit_price),
    discount: computable ? discountOf(item, format) : null,
    tax_rate: item.tax_rate ? toNumber(item.tax_rate.value) : null,
    amount: minor(item.taxable ?? item.amount),
  };
}

module.exports = { findItems };
