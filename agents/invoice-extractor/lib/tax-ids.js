"use strict";

// Tax identifiers: GSTIN (with its check character), PAN and VAT numbers (by their format).

const BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const PAN = "[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]";
const PAN_WORD = new RegExp(`\\b${PAN}\\b`, "g");
// Anything printed as a GSTIN that has the length and rough shape of one, so that a mistyped one is reported.
const GSTIN_WORD = /\b[0-9]{2}[A-Z0-9]{10}[0-9A-Z]{3}\b/g;
const GSTIN = new RegExp(`^([0-9]{2})${PAN}[1-9A-Z][CDZ][0-9A-Z]$`);
const GSTIN_LABEL = /\bGST(?:IN|\s?No|\s?Reg)?\b/i;
const VAT_WORD = "(?:ID(?:entification)?|IdNr|Nr|no|number|reg(?:istration)?|code)";
const VAT_LABEL = new RegExp(
  String.raw`\b(?:VAT|USt|MwSt|TVA|BTW|IVA)\b[ .-]{0,2}(?:${VAT_WORD}\b[ .]{0,2}){0,3}[:#]? ?(?=[A-Z]{2})`,
  "gi",
);
const VAT_FORMATS = {
  AT: "U\\d{8}", BE: "[01]\\d{9}", BG: "\\d{9,10}", CH: "E\\d{9}(?:MWST|TVA|IVA)?", CY: "\\d{8}[A-Z]", CZ: "\\d{8,10}",
  DE: "\\d{9}", DK: "\\d{8}", EE: "\\d{9}", EL: "\\d{9}", ES: "[A-Z0-9]\\d{7}[A-Z0-9]", FI: "\\d{8}", FR: "[A-Z0-9]{2}\\d{9}",
  GB: "(?:\\d{9}|\\d{12}|(?:GD|HA)\\d{3})", HR: "\\d{11}", HU: "\\d{8}", IE: "\\d[A-Z0-9]\\d{5}[A-Z]{1,2}", IT: "\\d{11}",
  LT: "(?:\\d{9}|\\d{12})", LU: "\\d{8}", LV: "\\d{11}", MT: "\\d{8}", NL: "\\d{9}B\\d{2}", NO: "\\d{9}(?:MVA)?", PL: "\\d{10}",
  PT: "\\d{9}", RO: "\\d{2,10}", SE: "\\d{12}", SI: "\\d{8}", SK: "\\d{10}", XI: "(?:\\d{9}|\\d{12}|(?:GD|HA)\\d{3})",
};
const MAX_VAT_WORDS = 5;
const MAX_VAT_LENGTH = 40;
const MAX_LABEL_GAP = 40;

// The identifiers in one line: { kind, value, valid, checked, reason?, start }.
function taxIdsIn(text) {
  const gstins = [...text.matchAll(GSTIN_WORD)]
    .map((match) => ({ ...judgeGstin(match[0]), start: match.index }))
    .filter((id) => id.valid || GSTIN_LABEL.test(text.slice(Math.max(0, id.start - MAX_LABEL_GAP), id.start)));
  const pans = [...text.matchAll(PAN_WORD)].map((match) => ({
    kind: "pan",
    value: match[0],
    valid: true,
    checked: "format",
    start: match.index,
  }));
  return [...gstins, ...pans, ...vatIdsIn(text)].sort((a, b) => a.start - b.start);
}

function judgeGstin(value) {
  const id = { kind: "gstin", value, valid: false, checked: "check_character" };
  if (!GSTIN.test(value)) return { ...id, reason: "it lacks the form of a GSTIN" };
  const expected = gstinCheckCharacter(value.slice(0, 14));
  if (expected !== value[14]) return { ...id, reason: `its check character should be ${expected}` };
  return { ...id, valid: true };
}

function isGstin(value) {
  return judgeGstin(value).valid;
}

// Base 36, weights 1 and 2 in turn, quotient plus remainder of each product.
function gstinCheckCharacter(firstFourteen) {
  let total = 0;
  [...firstFourteen].forEach((character, position) => {
    const product = BASE36.indexOf(character) * (1 + (position % 2));
    total += Math.floor(product / 36) + (product % 36);
  });
  return BASE36[(36 - (total % 36)) % 36];
}

// VAT numbers are looked for after a word such as "VAT no." only: many other numbers look like one.
function vatIdsIn(text) {
  const found = [];
  for (const match of text.matchAll(VAT_LABEL)) {
    const start = match.index + match[0].length;
    const id = readVatId(text.slice(start, start + MAX_VAT_LENGTH));
    if (id !== null) found.push({ ...id, start });
  }
  return found;
}

// Printed in groups as often as not: the longest run of words that makes a number of its country.
function readVatId(text) {
  const words = text.split("  ")[0].split(/[ ,;]/).slice(0, MAX_VAT_WORDS);
  const id = { kind: "vat", checked: "format" };
  for (let count = words.length; count > 0; count--) {
    const value = words.slice(0, count).join("").replace(/[.-]/g, "").toUpperCase();
    const format = VAT_FORMATS[value.slice(0, 2)];
    if (format && new RegExp(`^${format}$`).test(value.slice(2))) return { ...id, value, valid: true };
  }
  const value = words[0].toUpperCase();
  if (!/^[A-Z]{2}(?=.*\d)[A-Z0-9]+$/.test(value)) return null;
  const reason = value.slice(0, 2) in VAT_FORMATS ? "it lacks its country's form" : "no such country code";
  return { ...id, value, valid: false, reason };
}

module.exports = { isGstin, taxIdsIn };
