"use strict";

// Invoice extractor: the handler FrameOS calls. Splits the text into lines and cells, lets each
// module find its part, and puts the answers together.

const { checkInvoice, confidenceOf } = require("./lib/checks");
const { detectCurrency, detectDecimalMark, minorDigits } = require("./lib/currency");
const { findDates, findInvoiceNumber } = require("./lib/header");
const { findItems } = require("./lib/items");
const { findParties } = require("./lib/parties");
const { readLines } = require("./lib/text");
const { findTotals } = require("./lib/totals");

// The platform carries at most 1 MiB of outputs; this leaves room for its envelope.
const MAX_OUTPUT_BYTES = 1_000_000;

module.exports = async (inputs, ctx) => {
  const lines = readLines(refuseNonText(inputs.text));
  const currency = readCurrency(inputs.currency ?? "auto") ?? detectCurrency(lines);
  const decimalMark = { point: ".", comma: "," }[inputs.decimal_mark] ?? detectDecimalMark(lines);
  const format = { decimalMark, minorDigits: minorDigits(currency) };

  ctx.progress(0.1, "reading the header");
  const number = findInvoiceNumber(lines);
  const dates = findDates(lines, inputs.day_first ?? true);

  ctx.progress(0.3, "reading the line items");
  const table = findItems(lines, format);
  const totals = findTotals(lines, table, format);
  if (number === "" && table.items.length === 0 && totals.total === null) {
    throw new Error(
      "no invoice found: the text has no invoice number, no line items and no total; " +
        "if it is a scan, run text recognition first",
    );
  }

  ctx.progress(0.6, "reading the parties");
  const parties = findParties(lines, table);

  ctx.progress(0.8, "checking the sums");
  const checks = checkInvoice(table, totals, { ...format, tolerance: inputs.tolerance ?? 1 });
  const found = { number, dates, currency, parties, table, totals, checks };
  ctx.log(`${table.items.length} line items, ${checks.length} checks`);
  const outputs = report(found);
  refuseOversize(outputs);
  ctx.progress(1, "done");
  return outputs;
};

function report({ number, dates, currency, parties, table, totals, checks }) {
  const failed = checks.some((check) => check.status === "failed");
  const summed = checks.some((check) => check.name === "items_sum" || check.name === "total");
  return {
    invoice_number: number,
    dates: { issued: dates.issued, due: dates.due },
    currency: currency ?? "",
    parties,
    line_items: table.items.map((item) => item.report),
    totals,
    checks,
    consistent: summed && !failed,
    confidence: confidenceOf({ number, dates, table, totals, checks }),
    warnings: warn({ number, dates, currency, parties, table, totals }),
  };
}

function refuseNonText(text) {
  if (text.startsWith("%PDF")) {
    throw new Error("text holds a PDF file; pass its text, for example the output of pdftotext -layout");
  }
  return text;
}

function refuseOversize(outputs) {
  const size = Buffer.byteLength(JSON.stringify(outputs));
  if (size > MAX_OUTPUT_BYTES) {
    throw new Error(
      `the result would be ${size} bytes, over the limit of ${MAX_OUTPUT_BYTES}; pass one invoice at a time`,
    );
  }
}

// Returns null for "auto".
function readCurrency(wanted) {
  if (wanted.toLowerCase() === "auto") return null;
  if (!/^[a-z]{3}$/i.test(wanted)) {
    throw new Error(`currency must be a three-letter code such as INR, or auto; not ${wanted}`);
  }
  return wanted.toUpperCase();
}

function warn({ number, dates, currency, parties, table, totals }) {
  const warnings = [...dates.warnings];
  if (number === "") warnings.push("no invoice number found");
  if (dates.issued === null) warnings.push("no invoice date found");
  if (currency === null) warnings.push("no currency found; amounts are taken to have two decimals");
  if (table.items.length === 0) warnings.push("no line items found");
  if (totals.total === null) warnings.push("no total found");
  for (const [role, party] of Object.entries(parties)) {
    for (const id of party.tax_ids.filter((taxId) => !taxId.valid)) {
      warnings.push(`the ${role}'s ${id.kind.toUpperCase()} ${id.value} is not valid: ${id.reason}`);
    }
  }
  return warnings;
}
