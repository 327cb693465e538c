"use strict";

// The data by columns. Each column keeps every distinct value once and a small number per row, so
// that types and statistics are worked out once per distinct value, and comparing rows means
// comparing numbers.

const MISSING = -1;

class Column {
  constructor(name, position, missing) {
    this.name = name;
    this.position = position;
    this.values = [];
    this.counts = [];
    // Per row: the index of its value in `values`, or MISSING.
    this.ids = [];
    this.missingCount = 0;
    this.untrimmedCount = 0;
    this.missingWords = missing;
    this.idByValue = new Map();
  }

  add(field) {
    const value = field.trim();
    if (value.length !== field.length) this.untrimmedCount++;
    let id = this.idByValue.get(value);
    if (id === undefined) id = this.register(value);
    if (id === MISSING) this.missingCount++;
    else this.counts[id]++;
    this.ids.push(id);
  }

  register(value) {
    const id = this.missingWords.has(value.toLowerCase()) ? MISSING : this.values.length;
    this.idByValue.set(value, id);
    if (id !== MISSING) {
      this.values.push(value);
      this.counts.push(0);
    }
    return id;
  }

  get present() {
    return this.ids.length - this.missingCount;
  }

  // The row numbers, in order, of the first `limit` cells whose value id passes the test.
  rowsWhere(table, test, limit) {
    const found = [];
    for (let index = 0; index < this.ids.length && found.length < limit; index++) {
      const id = this.ids[index];
      if (id !== MISSING && test(id)) found.push({ row: table.rowNumbers[index], id });
    }
    return found;
  }
}

class Table {
  constructor(options) {
    this.options = options;
    this.columns = [];
    this.rowNumbers = [];
    this.blankRows = [];
    this.shortRows = [];
    this.longRows = [];
    this.renamedColumns = [];
  }

  get rowCount() {
    return this.rowNumbers.length;
  }

  add(fields, row) {
    if (this.columns.length === 0) {
      if (fields.every(isBlank)) {
        this.blankRows.push(row);
        return;
      }
      this.columns = this.makeColumns(fields);
      if (this.options.header) return;
    }
    if (this.columns.length > 1 && fields.every(isBlank)) {
      this.blankRows.push(row);
      return;
    }
    if (fields.length < this.columns.length) this.shortRows.push(row);
    if (fields.length > this.columns.length) this.longRows.push(row);
    this.rowNumbers.push(row);
    this.columns.forEach((column, index) => column.add(fields[index] ?? ""));
  }

  finish() {
    if (this.columns.length === 0) {
      throw new Error("csv holds no rows: every line is blank");
    }
    if (this.rowCount === 0) {
      throw new Error("csv holds a header but no rows; set header to false if it is data");
    }
  }

  makeColumns(fields) {
    const taken = new Set();
    return fields.map((field, index) => {
      const wanted = (this.options.header && field.trim()) || `column_${index + 1}`;
      let name = wanted;
      for (let suffix = 2; taken.has(name); suffix++) name = `${wanted}_${suffix}`;
      taken.add(name);
      if (this.options.header && name !== field.trim()) this.renamedColumns.push(name);
      return new Column(name, index + 1, this.options.missing);
    });
  }

  completeRows() {
    let complete = 0;
    for (let index = 0; index < this.rowCount; index++) {
      if (this.columns.every((column) => column.ids[index] !== MISSING)) complete++;
    }
    return complete;
  }
}

function isBlank(field) {
  return field.trim() === "";
}

module.exports = { MISSING, Table };
