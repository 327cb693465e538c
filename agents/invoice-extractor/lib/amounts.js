"use strict";

// Numbers as invoices print them, and the run of numbers at the end of a line.

const { decimal, negate } = require("./decimal");

const CURRENCY = String.raw`(?:₹|€|£|¥|(?:US|A|C|S)?\$|Rs\.?|INR|USD|EUR|GBP|AED|AUD|CAD|CHF|SGD|JPY)`;
const CURRENCY_WORD = new RegExp(`^\\(?${CURRENCY}\\)?$`, "i");
const PREFIX = new RegExp(`^${CURRENCY}`, "i");
const SUFFIX = new RegExp(String.raw`(?:/-|${CURRENCY})$`, "i");
const MINUS_WORD = /^(?:[-−–]|\([-−–]\))$/;
const UNITS = [
  "pcs?", "nos?", "units?", "ea", "each", "sets?", "pairs?", "packs?", "box", "boxes", "lots?",
  "hrs?", "hours?", "h", "days?", "weeks?", "months?", "users?", "licen[cs]es?",
  "kgs?", "gms?", "g", "ltrs?", "ml", "l", "mtrs?", "m", "sqft", "x",
].join("|");
const FILLER_WORD = new RegExp(String.raw`^(?:${UNITS}|[@×=:/])\.?$`, "i");
const WITH_UNIT = new RegExp(String.raw`^([\d.,]+)(?:${UNITS})$`, "i");
const MAX_WORD = 40;
const MAX_DIGITS = 18;
// Plain, or in groups of three (1,234,567), the Indian way (12,34,567), or with apostrophes.
const GRAMMAR = {
  ".": /^(?:\d+|\d{1,3}(?:[,'’]\d{2,3})*[,'’]\d{3})(?:\.\d+)?$/,
  ",": /^(?:\d+|\d{1,3}(?:[.'’]\d{3})*[.'’]\d{3})(?:,\d+)?$/,
};

// Reads one word: { value, percent } for a number, "currency", "minus" or "filler" for the small
// words between numbers, or null.
function readWord(text, decimalMark) {
  if (text.length > MAX_WORD) return null;
  if (CURRENCY_WORD.test(text)) return "currency";
  if (MINUS_WORD.test(text)) return "minus";
  if (FILLER_WORD.test(text)) return "filler";
  let body = text.replace(/[;:]$/, "");
  let negative = false;
  if (/^\(.+\)$/.test(body)) {
    body = body.slice(1, -1);
    // (9%) is a rate in brackets, (50.00) is minus fifty.
    negative = !body.endsWith("%");
  }
  if (/^[-−–]/.test(body) || /\d-$/.test(body)) {
    negative = true;
    body = body.replace(/^[-−–]|-$/g, "");
  }
  body = body.replace(PREFIX, "").replace(SUFFIX, "");
  if (/^[-−–]\d/.test(body)) {
    negative = true;
    body = body.slice(1);
  }
  const percent = body.endsWith("%");
  if (percent) body = body.slice(0, -1);
  body = WITH_UNIT.exec(body)?.[1] ?? body;
  const value = readNumber(body, decimalMark);
  if (value === null) return null;
  return { value: negative ? negate(value) : value, percent };
}

function readNumber(text, decimalMark) {
  if (!GRAMMAR[decimalMark].test(text)) return null;
  const [whole, fraction = ""] = text.split(decimalMark);
  const digits = whole.replace(/\D/g, "") + fraction;
  return digits.length > MAX_DIGITS ? null : decimal(digits, fraction.length);
}

// The numbers at the end of a line, left to right, each with its text and the index of its
// word. With three or more cells a cell counts only as a whole, so
// that "iPhone 15" in a cell of its own stays a description.
function trailingNumbers(line, decimalMark) {
  const readings = line.words.map((word) => readWord(word.text, decimalMark));
  const closed = new Set();
  if (line.cells.length >= 3) {
    line.words.forEach((word, index) => readings[index] === null && closed.add(word.cell));
  }
  const numbers = [];
  for (let index = line.words.length - 1; index >= 0; index--) {
    const reading = readings[index];
    if (reading === null || closed.has(line.words[index].cell)) break;
    if (reading === "minus") applyMinus(numbers, readings, index);
    if (typeof reading === "object") numbers.push({ ...reading, word: index, text: line.words[index].text });
  }
  return numbers.reverse();
}

// A minus that stands alone belongs to the number after it, with a currency between at most.
function applyMinus(numbers, readings, index) {
  const next = readings[index + 1] === "currency" ? index + 2 : index + 1;
  const number = numbers.at(-1);
  if (number?.word === next) number.value = negate(number.value);
}

module.exports = { trailingNumbers };
