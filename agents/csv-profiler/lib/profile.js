"use strict";

// One column's profile: what is reported, plus the column and its type for the checks of issues.js.

const { describeDates } = require("./dates");
const { describeNumbers, tidy } = require("./numbers");
const { countWhere, inferType } = require("./types");

const MAX_ROWS_LISTED = 20;
const MAX_VALUE_LENGTH = 200;
// Below this many numbers quartiles say little.
const MIN_OUTLIER_NUMBERS = 8;
const FENCE = 1.5;

function profileColumn(column, table, options) {
  const inferred = inferType(column, options);
  const distinct = column.values.length;
  const report = {
    name: column.name,
    position: column.position,
    type: inferred.type,
    present: column.present,
    missing: column.missingCount,
    missing_share: Number((column.missingCount / table.rowCount).toFixed(4)),
    distinct,
    unique: distinct === column.present && column.missingCount === 0,
    top_values: topValues(column, options.topValues),
    nonconforming: nonconforming(column, table, inferred),
  };
  if (inferred.type === "integer" || inferred.type === "number") {
    report.number = numberStatistics(column, table, inferred);
  } else if (inferred.type === "date") {
    report.date = dateStatistics(column, inferred);
  } else if (inferred.type === "boolean") {
    report.boolean = booleanStatistics(column, inferred);
  } else if (inferred.type !== "empty") {
    report.text = textStatistics(column);
  }
  return { report, column, inferred, table };
}

// Values that occur more than once, most frequent first, then by first appearance.
function topValues(column, limit) {
  return column.values
    .map((value, id) => ({ value: clip(value), count: column.counts[id] }))
    .filter((entry) => entry.count > 1)
    .sort((a, b) => b.count - a.count)
    .slice(0, limit);
}

function nonconforming(column, table, { fits }) {
  const misfit = (id) => !fits(id);
  return {
    count: countWhere(column, misfit),
    examples: listCells(column, table, misfit),
  };
}

function numberStatistics(column, table, { fits, readings }) {
  const weighted = [];
  const units = new Set();
  readings.forEach((reading, id) => {
    if (!fits(id)) return;
    weighted.push({ value: reading.value, count: column.counts[id] });
    if (reading.unit !== null) units.add(reading.unit);
  });
  const statistics = describeNumbers(weighted);
  return {
    ...statistics,
    units: [...units].sort(),
    outliers: outliers(column, table, statistics, (id) => (fits(id) ? readings[id].value : null)),
  };
}

// Tukey's fences: beyond the quartiles by more than 1.5 times the distance between them. null when
// there are too few numbers, or the quartiles coincide and everything else would be an outlier.
function outliers(column, table, { q1, q3 }, valueOf) {
  const reach = FENCE * (q3 - q1);
  if (reach === 0 || countWhere(column, (id) => valueOf(id) !== null) < MIN_OUTLIER_NUMBERS) {
    return null;
  }
  const [lower, upper] = [q1 - reach, q3 + reach];
  const isOutside = (id) => {
    const value = valueOf(id);
    return value !== null && (value < lower || value > upper);
  };
  return {
    lower_fence: tidy(lower),
    upper_fence: tidy(upper),
    count: countWhere(column, isOutside),
    cells: listCells(column, table, isOutside),
  };
}

function dateStatistics(column, { fits, readings, dateOrder }) {
  const dates = readings.filter((_, id) => fits(id));
  const ambiguous = dates.some((date) => date.ambiguous);
  return { ...describeDates(dates), order: ambiguous ? dateOrder.used : null };
}

function booleanStatistics(column, { fits }) {
  const isTrue = (id) => fits(id) && /^[ty]/i.test(column.values[id]);
  const isFalse = (id) => fits(id) && !isTrue(id);
  return { true: countWhere(column, isTrue), false: countWhere(column, isFalse) };
}

function textStatistics(column) {
  let [min, max, total] = [Infinity, 0, 0];
  column.values.forEach((value, id) => {
    const length = codePoints(value);
    min = Math.min(min, length);
    max = Math.max(max, length);
    total += length * column.counts[id];
  });
  return { min_length: min, max_length: max, mean_length: tidy(total / column.present) };
}

function codePoints(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function listCells(column, table, test) {
  return column
    .rowsWhere(table, test, MAX_ROWS_LISTED)
    .map(({ row, id }) => ({ row, value: clip(column.values[id]) }));
}

function clip(value) {
  return value.length <= MAX_VALUE_LENGTH ? value : `${value.slice(0, MAX_VALUE_LENGTH)}…`;
}

module.exports = { profileColumn };
