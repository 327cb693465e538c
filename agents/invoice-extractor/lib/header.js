"use strict";

// What stands at the head of an invoice: its number and its dates. A value follows its label in the same
// cell, in the next cell, or in the next line below the label.

const { datesIn } = require("./dates");
const { nextLine } = require("./text");

const NUMBER_LABELS = [
  /\b(?:tax )?invoice ?(?:no|number|num|nr|id|ref)\b\.?|\binvoice ?#/i,
  /\b(?:bill|inv|document|credit note|receipt) ?(?:no|number|num|nr)\b\.?|\b(?:bill|inv|receipt) ?#/i,
  /\binvoice ?:/i,
  /^\s*(?:tax )?invoice(?= [^\s]*\d)/i,
];
const NUMBER = /^[\s:#.\-–]*([A-Za-z0-9][A-Za-z0-9/_.\-]{0,39})/;
const ISSUED_LABELS = [
  /\b(?:invoice|bill|issue|tax point) date\b|\bdate of (?:issue|invoice)\b|\bissued(?: on)?\b|\bdated\b/i,
  /(?<!\b(?:due|delivery|order|po|ship|shipping|supply|payment|expiry|from|to|start|end) )\bdate\b(?! of)/i,
];
const DUE_LABELS = [/\b(?:payment )?due(?: date| on| by)?\b|\bpay(?:able)? by\b/i];
const ANY_LABEL = /\b(?:date|dated|due|no|number|terms)\b/i;
// How far after its label a value on the same line may start.
const MAX_GAP = 30;

function findInvoiceNumber(lines) {
  const read = (text) => {
    const value = NUMBER.exec(text)?.[1].replace(/[.\-/]+$/, "");
    if (value === undefined || !/\d/.test(value) || datesIn(value, true).length > 0) return null;
    return value;
  };
  return findLabelled(lines, NUMBER_LABELS, read) ?? "";
}

function findDates(lines, dayFirst) {
  const read = (text) => {
    const [first] = datesIn(text, dayFirst);
    return first !== undefined && first.start <= MAX_GAP ? first : null;
  };
  let issued = findLabelled(lines, ISSUED_LABELS, read);
  const due = findLabelled(lines, DUE_LABELS, read);
  if (issued === null) {
    // Without a label, a single date that is not the due date can only be the invoice's.
    const all = lines.flatMap((line) => datesIn(line.text, dayFirst));
    const others = new Set(all.map((date) => date.iso).filter((iso) => iso !== due?.iso));
    if (others.size === 1) issued = all.find((date) => others.has(date.iso));
  }
  return {
    issued: issued?.iso ?? null,
    due: due?.iso ?? null,
    warnings: [...ambiguity("invoice date", issued), ...ambiguity("due date", due)],
  };
}

function ambiguity(what, date) {
  if (!date?.other) return [];
  return [`the ${what} ${date.iso} could also be ${date.other} (see day_first)`];
}

// The first value that follows one of the labels, earlier labels first.
function findLabelled(lines, labels, read) {
  for (const label of labels) {
    for (const [index, line] of lines.entries()) {
      const match = label.exec(line.text);
      if (match === null) continue;
      const value = valueOf(lines, index, match, read);
      if (value !== null) return value;
    }
  }
  return null;
}

function valueOf(lines, index, match, read) {
  const line = lines[index];
  const after = match.index + match[0].length;
  const cell = line.cellAt(match.index + match[0].search(/\S/));
  const neighbour = line.cells[cell + 1];
  const nextStart = neighbour?.start ?? line.text.length;
  const value = read(line.text.slice(after, nextStart));
  if (value !== null) return value;
  if (neighbour !== undefined && !ANY_LABEL.test(neighbour.text)) {
    const beside = read(neighbour.text);
    if (beside !== null) return beside;
  }

  const below = nextLine(lines, index);
  if (below === undefined || line.text.slice(after, nextStart).replace(/[:#.\s]/g, "") !== "") return null;
  const target =
    below.cells.length === line.cells.length
      ? below.cells[cell]
      : below.cells.find((other) => Math.abs(other.start - line.cells[cell].start) <= 3);
  return target === undefined ? null : read(target.text);
}

module.exports = { findDates, findInvoiceNumber };
