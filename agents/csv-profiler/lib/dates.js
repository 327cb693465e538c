"use strict";

// Dates and times as people write them. Without a time zone a time is taken as UTC.

const MAX_LENGTH = 40;
const TIME = String.raw`(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?: ?(am|pm))?(?: ?(Z|[+-]\d{2}:?\d{2}))?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${TIME}$`, "i");
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${TIME}$`, "i");
const DAY_NAMED = new RegExp(String.raw`^(\d{1,2})[-/ ]?([a-z]{3,9})\.?,?[-/ ]?(\d{4}|\d{2})${TIME}$`, "i");
const NAMED_DAY = new RegExp(String.raw`^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})${TIME}$`, "i");
const MONTHS = [
  "january", "february", "march", "april", "may", "june",
  "july", "august", "september", "october", "november", "december",
];
const DAY_MS = 86_400_000;

// Returns { ms, hasTime, ambiguous } or null. `order` ("dmy" or "mdy") reads 03/04/2025;
// `ambiguous` tells that the other order would have made another date.
function parseDate(text, order) {
  if (text.length > MAX_LENGTH || !/^\w/.test(text) || !/\d$|[mz]$/i.test(text)) return null;
  let match = YEAR_FIRST.exec(text);
  if (match) return moment(match[1], match[3], match[4], match.slice(5));
  match = YEAR_LAST.exec(text);
  if (match) return yearLast(match, order);
  match = DAY_NAMED.exec(text);
  if (match) return moment(match[3], monthNumber(match[2]), match[1], match.slice(4));
  match = NAMED_DAY.exec(text);
  if (match) return moment(match[3], monthNumber(match[1]), match[2], match.slice(4));
  return null;
}

function yearLast([, first, mark, second, year, ...time], order) {
  // 1.2.03 is a version number more often than a date.
  if (mark === "." && year.length === 2) return null;
  const [day, month] = order === "mdy" ? [second, first] : [first, second];
  const read = moment(year, month, day, time);
  if (read === null) return null;
  const ambiguous = Number(first) <= 12 && Number(second) <= 12 && Number(first) !== Number(second);
  return { ...read, ambiguous };
}

function moment(yearText, month, day, [hour, minute, second, half, zone]) {
  const year = fullYear(yearText);
  if (year < 1000) return null;
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  // Date.UTC rolls 31 February over into March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== Number(day)) return null;
  if (hour === undefined) return { ms: midnight, hasTime: false, ambiguous: false };

  let hours = Number(hour);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return null;
    hours = (hours % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  }
  if (hours > 23 || minute > 59 || (second ?? 0) > 59) return null;
  const seconds = hours * 3600 + minute * 60 + Number(second ?? 0) - zoneSeconds(zone);
  return { ms: midnight + seconds * 1000, hasTime: true, ambiguous: false };
}

// Two digits as POSIX reads them: 69 to 99 are 1969 to 1999.
function fullYear(text) {
  const year = Number(text);
  if (text.length === 4) return year;
  return year < 69 ? 2000 + year : 1900 + year;
}

function monthNumber(name) {
  const wanted = name.toLowerCase() === "sept" ? "sep" : name.toLowerCase();
  const index = MONTHS.findIndex((month) => month === wanted || month.slice(0, 3) === wanted);
  return index === -1 ? NaN : index + 1;
}

function zoneSeconds(zone) {
  if (zone === undefined || zone.toUpperCase() === "Z") return 0;
  const digits = zone.replace(/\D/g, "");
  const size = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith("-") ? -size : size;
}

function describeDates(dates) {
  let [min, max] = [Infinity, -Infinity];
  for (const { ms } of dates) {
    min = Math.min(min, ms);
    max = Math.max(max, ms);
  }
  const hasTime = dates.some((date) => date.hasTime);
  const write = (ms) => {
    const iso = new Date(ms).toISOString();
    return hasTime ? iso : iso.slice(0, 10);
  };
  return { min: write(min), max: write(max), span_days: Math.floor((max - min) / DAY_MS) };
}

module.exports = { describeDates, parseDate };
