"use strict";

// Rows that are equal, and columns that tell all rows apart.

const { MISSING } = require("./table");

const MAX_GROUPS_LISTED = 10;
const MAX_ROWS_LISTED = 20;
const MAX_KEY_COLUMNS = 30;

// Rows equal in every column, surrounding spaces aside. All missing values are equal, but rows of
// nothing else are not compared.
function findDuplicates(table) {
  const groups = equalRows(table).sort((a, b) => a[0] - b[0]);
  return {
    extra_rows: groups.reduce((total, group) => total + group.length - 1, 0),
    group_count: groups.length,
    groups: groups.slice(0, MAX_GROUPS_LISTED).map((group) => ({
      count: group.length,
      rows: group.slice(0, MAX_ROWS_LISTED).map((index) => table.rowNumbers[index]),
    })),
  };
}

// Splits all rows by one column after the other and drops who is alone. Beginning with the columns
// of most values, few rows are left soon.
function equalRows(table) {
  const columns = [...table.columns].sort((a, b) => b.values.length - a.values.length);
  const all = table.rowNumbers.map((_, index) => index);
  let groups = [all.filter((index) => columns.some((column) => column.ids[index] !== MISSING))];
  for (const column of columns) {
    groups = groups.flatMap((group) => split(group, column.ids));
  }
  return groups;
}

function split(group, ids) {
  const parts = new Map();
  for (const index of group) {
    const part = parts.get(ids[index]);
    if (part === undefined) parts.set(ids[index], [index]);
    else part.push(index);
  }
  return [...parts.values()].filter((part) => part.length > 1);
}

// Single columns without missing values that tell all rows apart; when there is none, pairs.
function findCandidateKeys(table) {
  if (table.rowCount < 2) return [];
  const complete = table.columns.filter((column) => column.missingCount === 0);
  const single = complete.filter((column) => column.values.length === table.rowCount);
  if (single.length > 0) return single.map((column) => [column.name]);

  const pairs = [];
  const considered = complete.slice(0, MAX_KEY_COLUMNS);
  considered.forEach((first, index) => {
    for (const second of considered.slice(index + 1)) {
      if (identify(first, second, table.rowCount)) pairs.push([first.name, second.name]);
    }
  });
  return pairs;
}

function identify(first, second, rowCount) {
  if (first.values.length * second.values.length < rowCount) return false;
  const seen = new Set();
  for (let index = 0; index < rowCount; index++) {
    const pair = first.ids[index] * second.values.length + second.ids[index];
    if (seen.has(pair)) return false;
    seen.add(pair);
  }
  return true;
}

module.exports = { findCandidateKeys, findDuplicates };
