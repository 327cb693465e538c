// Usage: node corpus.mjs FOLDER speed|sources
//
// Picks files out of the fetched packages: plain JavaScript to measure speed on, one path a line, or the honest sources to disguise as
// NAME=FILE. A name is looked up without its version, so that versions are listed in one place only.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';

const SPEED = [
  'lodash/lodash.js', 'jquery/dist/jquery.js', 'react-dom/cjs/react-dom-client.development.js', 'd3/dist/d3.js', 'three/build/three.module.js',
  'three/build/three.core.js', 'underscore/underscore-umd.js', 'moment/moment.js', 'vue/dist/vue.global.js', 'acorn/dist/acorn.js',
  'axios/dist/axios.js', 'rxjs/dist/bundles/rxjs.umd.js', 'async/dist/async.js', 'bluebird/js/browser/bluebird.js',
  'handlebars/dist/handlebars.js', 'immutable/dist/immutable.js', 'ramda/dist/ramda.js', 'papaparse/papaparse.js', 'luxon/build/global/luxon.js',
  'commander/lib/command.js', 'bn.js/lib/bn.js', 'esprima/dist/esprima.js', 'crypto-js/crypto-js.js', 'validator/validator.js',
];

const SOURCES = {
  ms: 'ms/index.js', debug: 'debug/src/common.js', semver: 'semver/classes/semver.js', minimist: 'minimist/index.js',
  qs: 'qs/lib/parse.js', option: 'commander/lib/option.js', dayjs: 'dayjs/esm/index.js', promise: 'bluebird/js/release/promise.js',
  inherits: 'inherits/inherits_browser.js', email: 'validator/lib/isEmail.js', axios: 'axios/lib/core/Axios.js',
  handlebars: 'handlebars/dist/cjs/handlebars/base.js', iconv: 'iconv-lite/lib/index.js', mustache: 'mustache/mustache.js',
  request: 'express/lib/request.js', view: 'express/lib/view.js', nacl: 'tweetnacl/nacl-fast.js', memoize: 'lodash/memoize.js',
  debounce: 'lodash/debounce.js', template: 'lodash/template.js', queue: 'async/internal/queue.js', base64: 'base64-js/index.js',
  clone: 'deepmerge/dist/cjs.js', equal: 'fast-deep-equal/index.js',
};

const [root, what] = process.argv.slice(2);
const folders = new Map(readdirSync(root).map((folder) => [folder.slice(0, folder.lastIndexOf('@')).replace('+', '/'), folder]));
const find = (path) => {
  const [name, rest] = [path.slice(0, path.indexOf('/')), path.slice(path.indexOf('/') + 1)];
  const file = `${root}/${folders.get(name)}/${rest}`;
  if (!existsSync(file)) {
    process.stderr.write(`corpus: ${path} is not in the version listed and is left out\n`);
    return undefined;
  }
  return file;
};

if (what === 'speed') {
  // Where most lines are long a file is minified, and its megabytes hold more program.
  const files = SPEED.map(find).filter(Boolean).filter((file) => {
    const text = readFileSync(file, 'utf8');
    return text.length / text.split('\n').length < 200;
  });
  console.log(files.join('\n'));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  process.stderr.write(`speed: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB\n`);
} else {
  const sources = Object.entries(SOURCES).map(([name, path]) => [name, find(path)]).filter(([, file]) => file);
  console.log(sources.map((pair) => pair.join('=')).join('\n'));
}
