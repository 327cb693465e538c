"use strict";

// Numbers: reading them as people write them, and their statistics.

const MAX_LENGTH = 40;
// Beyond fifteen digits a number loses digits in floating point.
const MAX_EXACT_DIGITS = 15;
const PLAIN = /^[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$/;
// A leading zero, or a phone number.
const CODE = /^[+-]?0\d|^\+\d{8,}$/;
const UNIT = /^(-?)([₹$€£¥])\s?(.+)$|^(.+?)\s?(%)$/;

// Reads 1234.5, -1,234.50, 1,00,000 (Indian grouping), 1e6, (250) for -250, ₹1,200 and 45%.
// Returns { value, integer, unit } or null. Digits that are a code rather than a quantity, such as
// 00123, +919876543210 or a card number, are { code: true }.
function parseNumber(text, decimalComma) {
  if (text.length > MAX_LENGTH || !/\d/.test(text)) return null;
  const unit = UNIT.exec(text);
  let body = unit === null ? text : (unit[4] ?? unit[1] + unit[3]);
  if (decimalComma) body = swapMarks(body);
  if (body.startsWith("(") && body.endsWith(")")) body = `-${body.slice(1, -1)}`;
  if (!PLAIN.test(body)) return null;

  const integer = /^[+-]?[\d,]+$/.test(body);
  const digits = body.replace(/[^\d]/g, "").length;
  if (integer && (CODE.test(body) || digits > MAX_EXACT_DIGITS)) return { code: true };
  const value = Number(body.replaceAll(",", ""));
  return Number.isFinite(value) ? { value, integer, unit: unit?.[2] ?? unit?.[5] ?? null } : null;
}

function swapMarks(text) {
  return text.replace(/[.,]/g, (mark) => (mark === "." ? "," : "."));
}

// Statistics of distinct values with their counts. Quantiles interpolate between neighbours, as
// QUARTILE.INC of spreadsheets and NumPy do; the standard deviation is that of a sample (n - 1).
function describeNumbers(weighted) {
  const sorted = [...weighted].sort((a, b) => a.value - b.value);
  const count = sorted.reduce((total, item) => total + item.count, 0);
  const sum = exactSum(sorted.map((item) => item.value * item.count));
  const mean = sum / count;
  const squares = exactSum(sorted.map((item) => item.count * (item.value - mean) ** 2));
  const quantile = quantiles(sorted, count);
  return {
    min: tidy(sorted[0].value),
    p05: tidy(quantile(0.05)),
    q1: tidy(quantile(0.25)),
    median: tidy(quantile(0.5)),
    q3: tidy(quantile(0.75)),
    p95: tidy(quantile(0.95)),
    max: tidy(sorted.at(-1).value),
    sum: tidy(sum),
    mean: tidy(mean),
    stddev: count < 2 ? null : tidy(Math.sqrt(squares / (count - 1))),
    zeros: countWhere(sorted, (value) => value === 0),
    negatives: countWhere(sorted, (value) => value < 0),
  };
}

function quantiles(sorted, count) {
  const lastIndex = [];
  let seen = 0;
  for (const item of sorted) lastIndex.push((seen += item.count) - 1);
  const at = (index) => {
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lastIndex[middle] < index) low = middle + 1;
      else high = middle;
    }
    return sorted[low].value;
  };
  return (share) => {
    const exact = (count - 1) * share;
    const below = Math.floor(exact);
    const lower = at(below);
    return lower + (exact - below) * (at(Math.min(below + 1, count - 1)) - lower);
  };
}

// Neumaier's summation: the error of each addition is carried along.
function exactSum(values) {
  let sum = 0;
  let carried = 0;
  for (const value of values) {
    const next = sum + value;
    carried += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + carried;
}

function countWhere(sorted, test) {
  return sorted.reduce((total, item) => total + (test(item.value) ? item.count : 0), 0);
}

// Twelve significant digits: enough for any data, and free of 0.1 + 0.2 = 0.30000000000000004.
function tidy(value) {
  return Number(value.toPrecision(12));
}

module.exports = { describeNumbers, parseNumber, tidy };
