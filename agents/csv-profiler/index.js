"use strict";

// CSV profiler: the handler FrameOS calls. Reads the options, feeds the records into a table,
// and asks the other modules about it. Row numbers count the header as row 1, as spreadsheets do.

const { detectDelimiter, parseCsv, withoutBom } = require("./lib/csv");
const { Table } = require("./lib/table");
const { profileColumn } = require("./lib/profile");
const { findCandidateKeys, findDuplicates } = require("./lib/duplicates");
const { columnIssues, tableIssues } = require("./lib/issues");

const DELIMITERS = { comma: ",", semicolon: ";", tab: "\t", pipe: "|" };
const DEFAULT_MISSING = ["NA", "N/A", "#N/A", "null", "nil", "none", "NaN", "-"];
// The platform carries at most 1 MiB of outputs; this leaves room for its envelope.
const MAX_OUTPUT_BYTES = 1_000_000;

module.exports = async (inputs, ctx) => {
  const options = readOptions(inputs);
  const text = withoutBom(inputs.csv);
  const delimiter = DELIMITERS[options.delimiter] ?? detectDelimiter(text);

  ctx.progress(0, "reading rows");
  const table = new Table(options);
  const strayQuotes = parseCsv(text, delimiter, (fields, row) => table.add(fields, row));
  table.finish();
  ctx.log(`read ${table.rowCount} rows of ${table.columns.length} columns`);

  const profiles = table.columns.map((column, index) => {
    ctx.progress(0.4 + (0.4 * index) / table.columns.length, `profiling ${column.name}`);
    return profileColumn(column, table, options);
  });

  ctx.progress(0.8, "looking for duplicates and keys");
  const duplicates = findDuplicates(table);
  const outputs = {
    summary: summarise(table, profiles, duplicates, delimiter, options),
    columns: profiles.map((profile) => profile.report),
    duplicates,
    candidate_keys: findCandidateKeys(table),
    issues: [...tableIssues(table, strayQuotes), ...profiles.flatMap(columnIssues)],
  };
  refuseOversize(outputs);
  ctx.progress(1, "done");
  return outputs;
};

function readOptions(inputs) {
  const missing = inputs.missing_values ?? DEFAULT_MISSING;
  if (!missing.every((value) => typeof value === "string")) {
    throw new Error("missing_values must hold strings only");
  }
  return {
    delimiter: inputs.delimiter ?? "auto",
    header: inputs.header ?? true,
    decimalComma: inputs.decimal_comma ?? false,
    dateOrder: inputs.date_order ?? "auto",
    missing: new Set(["", ...missing.map((value) => value.trim().toLowerCase())]),
    topValues: inputs.top_values ?? 5,
  };
}

function summarise(table, profiles, duplicates, delimiter, options) {
  const cells = table.rowCount * table.columns.length;
  const missing = profiles.reduce((sum, profile) => sum + profile.report.missing, 0);
  const delimiterNames = Object.entries(DELIMITERS);
  return {
    rows: table.rowCount,
    columns: table.columns.length,
    delimiter: delimiterNames.find(([, character]) => character === delimiter)[0],
    header: options.header,
    missing_cells: missing,
    missing_share: cells === 0 ? 0 : Number((missing / cells).toFixed(4)),
    complete_rows: table.completeRows(),
    duplicate_rows: duplicates.extra_rows,
  };
}

function refuseOversize(outputs) {
  const size = Buffer.byteLength(JSON.stringify(outputs));
  if (size > MAX_OUTPUT_BYTES) {
    throw new Error(
      `the profile would be ${size} bytes, over the limit of ${MAX_OUTPUT_BYTES}; ` +
        "lower top_values or profile fewer columns",
    );
  }
}
