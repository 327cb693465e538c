// Usage: node disguise.mjs OUT NAME=FILE…
//
// Writes every honest source once per disguise: OUT/obfuscated/TOOL-VARIANT/NAME.js by real obfuscators and encoders, and
// OUT/minified/TOOL-VARIANT/NAME.js by honest tools. A variant that a tool itself refuses for a source is left out and counted.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { aaencode, fromCharCodes, invisible, jjencode, pack, whitespace } from './encoders.mjs';

const require = createRequire(import.meta.url);
const obfuscator = require('javascript-obfuscator');
const confuser = require('js-confuser');
const uglify = require('uglify-js');
const esbuild = require('esbuild');
const terser = require('terser');
const { JSFuck } = require('jsfuck');

const preset = (optionsPreset, more = {}) => ({ optionsPreset, ...more });
const alone = (more) => preset('default', {
  stringArray: false, identifierNamesGenerator: 'mangled', simplify: false, ...more,
});
const WORDS = ['item', 'value', 'list', 'node', 'result', 'entry', 'cache', 'token', 'state', 'index'];
const DICTIONARY = WORDS.flatMap((first) => WORDS.map((last) => first + last[0].toUpperCase() + last.slice(1)));

// https://github.com/javascript-obfuscator/javascript-obfuscator#readme, option by option.
const OBFUSCATOR = {
  default: preset('default'),
  low: preset('low-obfuscation'),
  medium: preset('medium-obfuscation'),
  high: preset('high-obfuscation'),
  'array-base64': preset('default', { stringArrayThreshold: 1, stringArrayEncoding: ['base64'], identifierNamesGenerator: 'mangled' }),
  'array-rc4': preset('default', { stringArrayThreshold: 1, stringArrayEncoding: ['rc4'], identifierNamesGenerator: 'mangled-shuffled' }),
  'array-none': preset('default', { stringArrayThreshold: 1, stringArrayEncoding: ['none'], identifierNamesGenerator: 'mangled' }),
  'array-plain': preset('default', { stringArrayThreshold: 1, stringArrayRotate: false, stringArrayShuffle: false, stringArrayCallsTransform: false, stringArrayIndexShift: false, identifierNamesGenerator: 'mangled' }),
  'array-wrappers': preset('default', { stringArrayThreshold: 1, stringArrayWrappersCount: 5, stringArrayWrappersType: 'function', stringArrayWrappersParametersMaxCount: 5, identifierNamesGenerator: 'mangled' }),
  'array-variables': preset('default', { stringArrayThreshold: 1, stringArrayWrappersCount: 3, stringArrayWrappersType: 'variable', identifierNamesGenerator: 'mangled' }),
  mangled: preset('low-obfuscation', { identifierNamesGenerator: 'mangled' }),
  'mangled-shuffled': preset('medium-obfuscation', { identifierNamesGenerator: 'mangled-shuffled' }),
  dictionary: preset('medium-obfuscation', { identifierNamesGenerator: 'dictionary', identifiersDictionary: DICTIONARY }),
  'high-mangled': preset('high-obfuscation', { identifierNamesGenerator: 'mangled' }),
  'rename-globals': preset('low-obfuscation', { renameGlobals: true, identifierNamesGenerator: 'mangled' }),
  'split-strings': alone({ splitStrings: true, splitStringsChunkLength: 3 }),
  numbers: alone({ numbersToExpressions: true }),
  simplify: alone({ simplify: true }),
  'object-keys': alone({ transformObjectKeys: true }),
  unicode: alone({ unicodeEscapeSequence: true }),
  'self-defending': alone({ selfDefending: true, compact: true }),
  'debug-protection': alone({ debugProtection: true }),
  'dead-code': preset('default', { deadCodeInjection: true, deadCodeInjectionThreshold: 1, identifierNamesGenerator: 'mangled' }),
  flattening: alone({ controlFlowFlattening: true, controlFlowFlatteningThreshold: 1 }),
  console: alone({ disableConsoleOutput: true }),
  readable: preset('medium-obfuscation', { compact: false, identifierNamesGenerator: 'mangled' }),
};

const CONFUSER = {
  low: { target: 'node', preset: 'low' },
  medium: { target: 'node', preset: 'medium' },
  high: { target: 'node', preset: 'high' },
  'low-mangled': { target: 'node', preset: 'low', identifierGenerator: 'mangled' },
};

// Text run as code; the program inside is cut, since some of these make a hundred bytes of one.
const ENCODERS = {
  jsfuck: (code) => JSFuck.encode(code.slice(0, 120), true),
  packer: pack,
  aaencode: (code) => aaencode(code.slice(0, 400)),
  jjencode: (code) => jjencode(code.slice(0, 400)),
  'from-char-code': (code) => fromCharCodes(code.slice(0, 400)),
  invisible: (code) => invisible(code.slice(0, 400)),
  whitespace: (code) => whitespace(code.slice(0, 400)),
};

const TERSER = {
  default: {},
  mangle: { compress: false, mangle: true },
  toplevel: { toplevel: true, compress: { passes: 3, unsafe: true, hoist_vars: true, hoist_funs: true } },
  props: { toplevel: true, mangle: { properties: true } },
  beautify: { mangle: true, format: { beautify: true } },
  ascii: { format: { ascii_only: true, quote_style: 3 } },
};

const ESBUILD = {
  minify: { minify: true },
  cjs: { minify: true, format: 'cjs', target: 'es2015' },
  props: { minify: true, mangleProps: /_$|^_/ },
};

const [out, ...sources] = process.argv.slice(2);
let refused = 0;
let done = 0;
for (const argument of sources) {
  const [name, file] = argument.split('=');
  const code = readFileSync(file, 'utf8').replace(/^#!.*/, '');
  await each('obfuscated', 'obfuscator', OBFUSCATOR, name, (options) =>
    obfuscator.obfuscate(code, { ...options, seed: 1 }).getObfuscatedCode());
  await each('obfuscated', 'confuser', CONFUSER, name, async (options) => (await confuser.obfuscate(code, options)).code);
  await each('obfuscated', 'encoder', ENCODERS, name, (encode) => encode(code));
  await each('minified', 'terser', TERSER, name, async (options) => (await terser.minify(code, options)).code);
  await each('minified', 'esbuild', ESBUILD, name, (options) => esbuild.transformSync(code, options).code);
  await each('minified', 'uglify', { default: {}, toplevel: { toplevel: true } }, name, (options) => {
    const result = uglify.minify(code, options);
    if (result.error) throw result.error;
    return result.code;
  });
  done += 1;
  process.stderr.write(`\rdisguised ${done} of ${sources.length} sources`);
}
process.stderr.write(`\n${refused} variants refused by their tools\n`);

async function each(kind, tool, variants, name, make) {
  for (const [variant, options] of Object.entries(variants)) {
    try {
      const code = await make(options);
      const folder = `${out}/${kind}/${tool}-${variant}`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}/${name}.js`, code);
    } catch (error) {
      refused += 1;
      process.stderr.write(`\n${name}: ${tool} ${variant}: ${String(error.message).split('\n')[0]}\n`);
    }
  }
}
