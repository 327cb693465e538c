"use strict";

// What looks wrong, in words a person can act on. Each issue: code, column (null for the whole
// file), message, rows (the first few row numbers, empty where rows say nothing).

const MAX_ROWS_LISTED = 20;
const MAX_CASE_DISTINCT = 10_000;
const MAX_CASE_EXAMPLES = 3;

function tableIssues(table, strayQuotes) {
  const width = table.columns.length;
  return [
    rowsIssue("stray_quotes", strayQuotes, "a quote stands where none may be; it was read literally"),
    rowsIssue("short_rows", table.shortRows, `fewer than ${width} fields; the rest was taken as missing`),
    rowsIssue("long_rows", table.longRows, `more than ${width} fields; the surplus was ignored`),
    rowsIssue("blank_rows", table.blankRows, "blank, and skipped"),
    ...table.renamedColumns.map((name) =>
      issue("renamed_column", name, "the header was empty or repeated; the column was given this name"),
    ),
  ].filter(Boolean);
}

function columnIssues({ report, column, inferred, table }) {
  const found = [];
  const add = (code, message, rows = []) => found.push(issue(code, column.name, message, rows));
  const { count, examples } = report.nonconforming;
  if (report.type === "empty") {
    add("empty_column", "every value is missing");
  } else if (report.distinct === 1 && table.rowCount > 1 && report.missing === 0) {
    add("constant_column", "every row has the same value");
  }
  if (count > 0) {
    const rows = examples.map((example) => example.row);
    add("nonconforming_values", `not of type ${report.type}: ${count} of ${counted(report.present, "value")}`, rows);
  }
  if (report.type === "string" && inferred.codes > 0) {
    add(
      "digits_kept_as_text",
      `${counted(inferred.codes, "value")} with a leading zero, a plus, or more than 15 digits: ` +
        "read as codes, since numbers would lose that",
    );
  }
  if (report.type === "date" && report.date.order !== null && inferred.dateOrder.guessed) {
    add("ambiguous_dates", "day and month could be swapped everywhere; read day first (see date_order)");
  }
  if (column.untrimmedCount > 0) {
    add("surrounding_spaces", `spaces around ${counted(column.untrimmedCount, "value")} were ignored`);
  }
  for (const spellings of report.type === "string" ? caseVariants(column) : []) {
    add("inconsistent_case", `the same value in different case: ${spellings.join(", ")}`);
  }
  if (column.values.some((value) => value.includes("\uFFFD"))) {
    add("broken_encoding", "values hold \uFFFD, the mark of text decoded in the wrong encoding");
  }
  return found;
}

// Values of a category column that differ in case only, such as Delhi and DELHI.
function caseVariants(column) {
  if (column.values.length > MAX_CASE_DISTINCT) return [];
  const spellings = new Map();
  for (const value of column.values) {
    const key = value.toLowerCase();
    spellings.set(key, [...(spellings.get(key) ?? []), value]);
  }
  return [...spellings.values()].filter((group) => group.length > 1).slice(0, MAX_CASE_EXAMPLES);
}

function rowsIssue(code, rows, what) {
  if (rows.length === 0) return null;
  return issue(code, null, `${counted(rows.length, "row")}: ${what}`, rows);
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function issue(code, column, message, rows = []) {
  return { code, column, message, rows: rows.slice(0, MAX_ROWS_LISTED) };
}

module.exports = { columnIssues, tableIssues };
