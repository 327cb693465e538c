"use strict";

// Reading CSV (RFC 4180): quoted fields, doubled quotes, line breaks inside quotes, CRLF, LF or CR.
// One pass, jumping from mark to mark, so the time is linear in the length of the text.

const CANDIDATES = [",", ";", "\t", "|"];
const SAMPLE_RECORDS = 50;
const MAX_COLUMNS = 1000;

function withoutBom(text) {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

// Calls onRecord(fields, row) for each record; rows are numbered from 1. Returning false stops.
// A blank line is a record of one empty field. Returns the rows whose quotes break the rules; they
// are read literally.
function parseCsv(text, delimiter, onRecord) {
  const reader = new Reader(text, delimiter);
  const strayQuotes = [];
  for (let row = 1; !reader.atEnd(); row++) {
    const { fields, stray } = reader.record(row);
    if (stray) strayQuotes.push(row);
    if (onRecord(fields, row) === false) break;
  }
  return strayQuotes;
}

class Reader {
  constructor(text, delimiter) {
    this.text = text;
    this.delimiter = delimiter;
    this.position = 0;
    this.nextDelimiter = -1;
    this.nextLine = -1;
  }

  atEnd() {
    return this.position >= this.text.length;
  }

  record(row) {
    const fields = [];
    let stray = false;
    for (;;) {
      if (fields.length === MAX_COLUMNS) {
        throw new Error(`row ${row} has more than ${MAX_COLUMNS} fields; is the delimiter right?`);
      }
      if (this.text[this.position] === '"') {
        const quoted = this.quotedField(row, fields.length + 1);
        fields.push(quoted.value);
        stray ||= quoted.stray;
      } else {
        const value = this.text.slice(this.position, this.fieldEnd());
        stray ||= value.includes('"');
        fields.push(value);
        this.position += value.length;
      }
      if (this.text[this.position] !== this.delimiter) break;
      this.position++;
    }
    this.skipLineBreak();
    return { fields, stray };
  }

  // The field opens with a quote at the current position.
  quotedField(row, column) {
    let value = "";
    let from = this.position + 1;
    for (;;) {
      const quote = this.text.indexOf('"', from);
      if (quote === -1) {
        throw new Error(
          `row ${row}, field ${column}: the quote is never closed; ` +
            'close it, or write a quote inside a field as ""',
        );
      }
      value += this.text.slice(from, quote);
      if (this.text[quote + 1] !== '"') {
        this.position = quote + 1;
        break;
      }
      value += '"';
      from = quote + 2;
    }
    // Text after the closing quote breaks the rules; keeping it loses nothing.
    const rest = this.text.slice(this.position, this.fieldEnd());
    this.position += rest.length;
    return { value: value + rest, stray: rest.trim() !== "" };
  }

  // Where the unquoted text at the current position ends. The next delimiter and line break are
  // remembered until passed: searching anew for each field would scan long lines over and over.
  fieldEnd() {
    if (this.nextDelimiter < this.position) {
      this.nextDelimiter = indexOrEnd(this.text.indexOf(this.delimiter, this.position), this.text);
    }
    if (this.nextLine < this.position) {
      this.nextLine = indexOrEnd(lineBreakFrom(this.text, this.position), this.text);
    }
    return Math.min(this.nextDelimiter, this.nextLine);
  }

  skipLineBreak() {
    if (this.text[this.position] === "\r") this.position++;
    if (this.text[this.position] === "\n") this.position++;
  }
}

function indexOrEnd(index, text) {
  return index === -1 ? text.length : index;
}

function lineBreakFrom(text, from) {
  const pattern = /[\r\n]/g;
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
}

// The candidate with which most of the first records have as many fields as the very first, and
// more than one; of equals, the one that makes more fields.
function detectDelimiter(text) {
  let best = { delimiter: ",", agreement: 0, width: 1 };
  for (const delimiter of CANDIDATES) {
    const widths = sampleWidths(text, delimiter);
    const width = widths[0] ?? 1;
    if (width === 1) continue;
    const agreement = widths.filter((other) => other === width).length / widths.length;
    if (agreement > best.agreement || (agreement === best.agreement && width > best.width)) {
      best = { delimiter, agreement, width };
    }
  }
  return best.delimiter;
}

function sampleWidths(text, delimiter) {
  const widths = [];
  try {
    parseCsv(text, delimiter, (fields) => {
      if (fields.length > 1 || fields[0] !== "") widths.push(fields.length);
      return widths.length < SAMPLE_RECORDS;
    });
  } catch {
    // A delimiter with which the text cannot be read is not the one.
    return [];
  }
  return widths;
}

module.exports = { detectDelimiter, parseCsv, withoutBom };
