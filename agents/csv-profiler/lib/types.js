"use strict";

// Type inference. A column has the type that most of its values fit, if at least 80 % do; the
// values that don't are reported, since they are what somebody wants to find.

const { parseDate } = require("./dates");
const { parseNumber } = require("./numbers");

const MIN_SHARE = 0.8;
const BOOLEANS = new Set(["true", "false", "yes", "no", "y", "n", "t", "f"]);
const EMAIL = /^[^\s@]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}$/i;
const URL_START = /^https?:\/\/[^\s/?#]+[^\s]*$/i;
// From narrow to wide: of types that fit equally many values the first one is taken.
const TYPES = ["boolean", "integer", "number", "date", "email", "url"];

// Returns { type, fits(id), readings, dateOrder, codes }: `readings` holds per value id the number
// or date read, or null; `codes` counts the cells of digits that are no quantity.
function inferType(column, options) {
  const numbers = column.values.map((value) => parseNumber(value, options.decimalComma));
  const isCode = (id) => numbers[id]?.code === true;
  const isNumber = (id) => numbers[id] !== null && !isCode(id);
  const { dates, order } = readDates(column, numbers, options.dateOrder);

  const tests = {
    boolean: (id) => BOOLEANS.has(column.values[id].toLowerCase()),
    integer: (id) => isNumber(id) && numbers[id].integer,
    number: isNumber,
    date: (id) => dates[id] !== null,
    email: (id) => column.values[id].length <= 254 && EMAIL.test(column.values[id]),
    url: (id) => column.values[id].length <= 2048 && URL_START.test(column.values[id]),
  };
  const codes = countWhere(column, isCode);
  let type = column.present === 0 ? "empty" : "string";
  let best = MIN_SHARE * column.present;
  for (const candidate of TYPES) {
    // One 007 among digits means that they are codes, and 8 is short for 008.
    if (codes > 0 && (candidate === "integer" || candidate === "number")) continue;
    const fitting = countWhere(column, tests[candidate]);
    if (fitting > 0 && (fitting > best || (fitting === best && type === "string"))) {
      [type, best] = [candidate, fitting];
    }
  }
  const readings = type === "date" ? dates : numbers;
  return { type, fits: tests[type] ?? (() => true), readings, dateOrder: order, codes };
}

// Reads slashed dates in the order that fits more values; "dmy" when both fit as many.
function readDates(column, numbers, wanted) {
  const read = (order) =>
    column.values.map((value, id) => (numbers[id] === null ? parseDate(value, order) : null));
  if (wanted !== "auto") return { dates: read(wanted), order: { used: wanted, guessed: false } };

  const dmy = read("dmy");
  const mdy = read("mdy");
  const dmyCount = countWhere(column, (id) => dmy[id] !== null);
  const mdyCount = countWhere(column, (id) => mdy[id] !== null);
  const guessed = dmyCount === mdyCount && dmy.some((date) => date?.ambiguous);
  return mdyCount > dmyCount
    ? { dates: mdy, order: { used: "mdy", guessed: false } }
    : { dates: dmy, order: { used: "dmy", guessed } };
}

// How many cells of the column hold a value that passes.
function countWhere(column, test) {
  let total = 0;
  for (let id = 0; id < column.values.length; id++) {
    if (test(id)) total += column.counts[id];
  }
  return total;
}

module.exports = { countWhere, inferType };
