"use strict";

// Dates as invoices print them.

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH = String.raw`(?<month>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?`;
const DATE = new RegExp(
  [
    String.raw`(?<y1>\d{4})[-/.](?<m1>\d{1,2})[-/.](?<d1>\d{1,2})`,
    String.raw`(?<a2>\d{1,2})(?<mark>[-/.])(?<b2>\d{1,2})\k<mark>(?<y2>\d{4}|\d{2})`,
    String.raw`(?<d3>\d{1,2})(?:st|nd|rd|th)?[-/ ]?${MONTH},?[-/ ]?(?<y3>\d{4}|\d{2})`,
    String.raw`${MONTH.replace("month", "month4")} ?(?<d4>\d{1,2})(?:st|nd|rd|th)?,? (?<y4>\d{4})`,
  ]
    .map((form) => String.raw`(?<![\w/.-])${form}(?![\w/-])`)
    .join("|"),
  "gi",
);

// Every date in the text: { iso, start, other }. `other` is what the opposite order of day and
// month would make of it, or null.
function datesIn(text, dayFirst) {
  const found = [];
  for (const match of text.matchAll(DATE)) {
    const read = readMatch(match.groups, dayFirst);
    if (read !== null) found.push({ ...read, start: match.index });
  }
  return found;
}

function readMatch(groups, dayFirst) {
  if (groups.y1) return wrap(iso(groups.y1, groups.m1, groups.d1));
  if (groups.y3) return wrap(iso(groups.y3, monthNumber(groups.month), groups.d3));
  if (groups.y4) return wrap(iso(groups.y4, monthNumber(groups.month4), groups.d4));
  const asDayFirst = iso(groups.y2, groups.b2, groups.a2);
  const asMonthFirst = iso(groups.y2, groups.a2, groups.b2);
  const [wanted, other] = dayFirst ? [asDayFirst, asMonthFirst] : [asMonthFirst, asDayFirst];
  // Where only one order makes a date, that is the one.
  if (wanted === null) return wrap(other);
  return { iso: wanted, other: other === wanted ? null : other };
}

function wrap(date) {
  return date === null ? null : { iso: date, other: null };
}

function iso(yearText, monthText, dayText) {
  const year = yearText.length === 2 ? 2000 + Number(yearText) : Number(yearText);
  const [month, day] = [Number(monthText), Number(dayText)];
  const date = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC rolls 31 February over into March.
  if (year < 1900 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return date.toISOString().slice(0, 10);
}

function monthNumber(name) {
  return MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

module.exports = { datesIn };
