"use strict";

// Which currency an invoice is in, and how it writes numbers.

const { isGstin } = require("./tax-ids");

const CODES = [
  "INR", "USD", "EUR", "GBP", "AED", "AUD", "CAD", "CHF", "CNY", "DKK", "HKD", "JPY", "KWD", "BHD", "OMR", "NOK",
  "NZD", "PLN", "QAR", "SAR", "SEK", "SGD", "THB", "MYR", "ZAR", "LKR", "NPR", "BDT", "KRW", "IDR", "BRL", "MXN",
];
const CODE = new RegExp(String.raw`\b(?:${CODES.join("|")})\b`, "g");
const SYMBOLS = [
  [/₹|\bRs\.?(?=[\s\d])/i, "INR"],
  [/€/, "EUR"],
  [/£/, "GBP"],
  [/A\$/, "AUD"],
  [/C\$/, "CAD"],
  [/S\$/, "SGD"],
  [/\$/, "USD"],
  [/¥/, "JPY"],
];
const MINOR_DIGITS = { JPY: 0, KRW: 0, BHD: 3, KWD: 3, OMR: 3 };
const POINT = /\d\.\d{1,2}(?![\d.,])/g;
const COMMA = /\d,\d{1,2}(?![\d.,])/g;

// The code named most often; else the first symbol that occurs; else INR when there is a GSTIN.
function detectCurrency(lines) {
  const text = lines.map((line) => line.text).join("\n");
  const counts = new Map();
  for (const [code] of text.matchAll(CODE)) counts.set(code, (counts.get(code) ?? 0) + 1);
  if (counts.size > 0) return [...counts].sort((a, b) => b[1] - a[1])[0][0];
  const symbol = SYMBOLS.find(([pattern]) => pattern.test(text));
  if (symbol !== undefined) return symbol[1];
  return (text.match(/\b[0-9A-Z]{15}\b/g) ?? []).some(isGstin) ? "INR" : null;
}

function minorDigits(currency) {
  return MINOR_DIGITS[currency] ?? 2;
}

// A comma when more numbers end in a comma and one or two digits than in a point and as many.
function detectDecimalMark(lines) {
  const text = lines.map((line) => line.text).join("\n");
  const points = text.match(POINT)?.length ?? 0;
  const commas = text.match(COMMA)?.length ?? 0;
  return commas > points ? "," : ".";
}

module.exports = { detectCurrency, detectDecimalMark, minorDigits };
