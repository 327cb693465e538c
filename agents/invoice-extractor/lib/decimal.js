"use strict";

// Exact decimals: a whole number of units of ten to the minus `scale`. No floating point touches money.

function decimal(digits, scale) {
  return { units: BigInt(digits), scale };
}

function add(a, b) {
  const scale = Math.max(a.scale, b.scale);
  const grow = ({ units, scale: from }) => units * 10n ** BigInt(scale - from);
  return { units: grow(a) + grow(b), scale };
}

function negate(value) {
  return { units: -value.units, scale: value.scale };
}

function multiply(a, b) {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

// The share `percent` of a value.
function percentOf(value, percent) {
  const product = multiply(value, percent);
  return { units: product.units, scale: product.scale + 2 };
}

// In minor units, half a unit rounded away from zero. Null when the number is too large to be exact.
function toMinor(value, minorDigits) {
  const shift = value.scale - minorDigits;
  if (shift <= 0) return safeNumber(value.units * 10n ** BigInt(-shift));
  const divisor = 10n ** BigInt(shift);
  const size = value.units < 0n ? -value.units : value.units;
  const rounded = (size * 2n + divisor) / (divisor * 2n);
  return safeNumber(value.units < 0n ? -rounded : rounded);
}

function fromMinor(minor, minorDigits) {
  return { units: BigInt(minor), scale: minorDigits };
}

function toNumber(value) {
  return Number(toText(value));
}

function toText({ units, scale }) {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function safeNumber(units) {
  const number = Number(units);
  return Number.isSafeInteger(number) ? number : null;
}

module.exports = { add, decimal, fromMinor, multiply, negate, percentOf, toMinor, toNumber, toText };
