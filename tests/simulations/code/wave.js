// wave.js: templates, regular expressions, division. Nothing here is run.
'use strict';
/* a block "comment" with `ticks` */
import fs from "fs"; // files
const plain = `a "plain" template // no comment
over lines {`;
const nested = `a ${b} c ${d(`e ${f[0]} g`)} h`;
const object = `x ${ { y: { z: 1 } }.y.z } w`;
const deep = `1 ${`2 ${`3 ${a({ b: `4` })}`} }`}`;
const escaped = `\${no} \` ${"}"} ${'`'} $ {x} $`;
const commented = `a ${ b /* } ` */ + c // }
} d`;
const quotes = ['"', "'", "it's", 'say "hi"', "\"", '\'', "a\
b"];
const arrow = (x) => /^[({]+$/.test(x);
const pattern = /["'`]\/[/{(]/g, half = width / 2 / scale;
const test = /\/\*/.test(text) ? a / b : c /d/ e;
function wave(height, { period = 8, names = ["spring"] } = {}) {
  if (height > 0 && names[0] !== "") { // {
    return names.map((n) => `${n}: ${(height / period).toFixed(2)}`).join(", ");
  }
  const call = tag`raw ${height}\n`;
  return { [height]: () => ({ call }), 'quoted-key': /x/.exec("/*") /* ( */ };
}
class Sea extends Water { #salt = `${1}`; get salt() { return this.#salt; } static { x(`}`); } }
label: for (const x of [1, 2]) { if (x) continue label; }
export default wave; // the end: `not a template`
