"use strict";

// The invoice as lines, each with its cells and words and where they start. Columns of a printed
// page are runs of text with two or more spaces (or a tab, or a bar) between them.

function readLines(text) {
  return text
    .replace(/\r\n?|[\u2028\u2029\f\v]/g, "\n")
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ")
    .replace(/[\u200b-\u200d\ufeff`]|\*\*|__/g, "")
    .replace(/(\d) %/g, "$1%")
    .split("\n")
    .map((raw) => new Line(raw.replace(/[\t|]/g, "    ")))
    .filter((line) => !/^[\s\-=_*+.]+$/.test(line.text));
}

class Line {
  constructor(text) {
    this.text = text.trimEnd();
    this.cells = [...this.text.matchAll(/\S+(?: \S+)*/g)].map((match, index) => ({
      text: match[0],
      start: match.index,
      index,
    }));
    this.words = this.cells.flatMap((cell) =>
      [...cell.text.matchAll(/\S+/g)].map((match) => ({ text: match[0], cell: cell.index })),
    );
  }

  get blank() {
    return this.cells.length === 0;
  }

  // The index of the cell at a position of the text.
  cellAt(position) {
    return this.cells.findLastIndex((cell) => cell.start <= position);
  }
}

// The first line after `index` that is not blank, if it is among the next `reach`.
function nextLine(lines, index, reach = 2) {
  return lines.slice(index + 1, index + 1 + reach).find((line) => !line.blank);
}

module.exports = { nextLine, readLines };
