// Starts an agent inside the sandbox: takes the request from descriptor 3, loads the entry point, calls its handler if
// it has one, and reports on descriptor 4 in JSON lines. Everything here runs beside hostile code and is trusted with
// nothing: it only makes honest agents comfortable.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { format } = require('node:util');
// What `require('node:module')` gives, without the quarter of a millisecond that takes.
const Module = module.constructor;

const REQUEST = 3;
const REPORT = 4;
/** How deep a result may be nested. */
const NESTING_MAX = 100;
/** What one call of `ctx.charge` may count, and how many calls are counted. */
const COUNT_MAX = 1e9;
const CHARGES_MAX = 100_000;
// Kept, because agents may replace what they find.
const { writeSync } = fs;
const { parse, stringify } = JSON;
const exit = process.exit.bind(process);

/**
 * Has a stream wait for its reader. Node keeps what a full pipe does not take for later, and loses it at `exit`. A stream
 * is made when it is first asked for, which takes a millisecond: programs that never print do not wait for it.
 */
function blocking(name) {
  const lazy = Object.getOwnPropertyDescriptor(process, name);
  const get = () => {
    Object.defineProperty(process, name, lazy);
    const stream = process[name];
    if (stream._handle && stream._handle.setBlocking) stream._handle.setBlocking(true);
    return stream;
  };
  Object.defineProperty(process, name, { ...lazy, get });
}

/** `stringify` writes a half of a surrogate pair as an escape, keys included, and nothing else; readers refuse it. */
function wellFormed(text) {
  if (!text.includes('\\ud')) return text;
  return text.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (escape) => (escape.length === 6 ? '\ufffd' : escape));
}

function report(message) {
  send(wellFormed(stringify(message)));
}

function send(text) {
  const line = Buffer.from(text + '\n');
  let done = 0;
  try {
    while (done < line.length) done += writeSync(REPORT, line, done);
  } catch {
    // Nobody listens any more.
  }
}

/** The error's kind and first line: enough to act on, short enough to show. */
function describe(error) {
  let name = 'Error';
  let message = '';
  try {
    if (error === null || typeof error !== 'object') return `thrown: ${firstLine(format('%s', error))}`;
    name = String(error.name || (error.constructor && error.constructor.name) || 'Error');
    message = String(error.message === undefined ? '' : error.message);
  } catch {
    // An error that throws when asked.
  }
  return message ? `${name}: ${firstLine(message)}` : name;
}

function firstLine(text) {
  return String(text).split('\n', 1)[0].slice(0, 1000);
}

/** For what is reported already: an agent may have left nothing to print with. */
function say(text) {
  try {
    process.stderr.write(`${text()}\n`);
  } catch {
    // It closed stderr, or its error throws when asked.
  }
}

/** Reports what the agent threw, then prints it. */
function tell(error) {
  report({ type: 'error', message: describe(error) });
  say(() => (error && error.stack) || format('%s', error));
}

function fail(message) {
  report({ type: 'error', message });
  say(() => message);
  exit(1);
}

/** Whether the nearest package.json (or the extension) makes a file an ES module. */
function isModule(file) {
  if (file.endsWith('.mjs')) return true;
  if (!file.endsWith('.js')) return false;
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    const manifest = path.join(dir, 'package.json');
    // Asked first, because an error takes longer to make than everything else here.
    if (fs.existsSync(manifest)) {
      try {
        return parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (dir === '/' || dir === '/agent') return false;
  }
}

/** Whether only a module may say what this file says. Node finds out by itself, but then keeps the exports. */
function isModuleBySyntax(file, source) {
  if (!file.endsWith('.js') || !/^\s*(import|export)\b|\bimport\.meta\b/m.test(source)) return false;
  try {
    require('node:vm').compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname']);
    return false;
  } catch (error) {
    return /import statement outside a module|Unexpected token 'export'|import\.meta/.test(error.message);
  }
}

/** The module's exports; a plain program does its work on the way. */
async function load(file, source) {
  const imported = () => import(require('node:url').pathToFileURL(file).href);
  if (isModule(file) || isModuleBySyntax(file, source)) return imported();
  try {
    return Module._load(file, null, true);
  } catch (error) {
    const needsImport = error && (error.code === 'ERR_REQUIRE_ESM' || error.code === 'ERR_REQUIRE_ASYNC_MODULE');
    if (needsImport) return imported();
    throw error;
  }
}

function handlerOf(exported) {
  if (typeof exported === 'function') return exported;
  if (exported && typeof exported.default === 'function') return exported.default;
  // A CommonJS module seen through import().
  if (exported && exported.default && typeof exported.default.default === 'function') return exported.default.default;
  return null;
}

/** Counts what the run's price is made of; gives what is left of its maximum. Whoever counts for real sits outside. */
function charger(meter) {
  const counts = new Map();
  let calls = 0;
  return (event, count = 1) => {
    if (!Number.isSafeInteger(count) || count < 0 || count > COUNT_MAX) {
      throw new RangeError(`ctx.charge: the count must be a whole number from 0 to ${COUNT_MAX}`);
    }
    if (!meter) return Infinity;
    if (typeof event !== 'string' || !Object.hasOwn(meter.events, event)) {
      throw new RangeError(`ctx.charge: the manifest's pricing declares no event ${format('%j', event)}`);
    }
    if (count > 0) {
      if (calls >= CHARGES_MAX) throw new RangeError(`ctx.charge: more than ${CHARGES_MAX} calls; count several at once`);
      calls += 1;
      report({ type: 'charge', event, count });
      counts.set(event, (counts.get(event) || 0) + count);
    }
    let spent = meter.start;
    for (const [name, counted] of counts) spent += counted * meter.events[name];
    return Math.max(0, meter.limit - spent);
  };
}

function context(request) {
  // Told as an event for whoever watches, and written to stderr, which is what is kept.
  const log = (level) => (...args) => {
    const message = format(...args);
    report({ type: 'log', level, message });
    process.stderr.write(`${message}\n`);
  };
  return {
    executionId: request.execution_id,
    // The run's own identity; absent where there is nobody to show it to.
    token: (request.env.find(([name]) => name === 'FRAMEOS_EXECUTION_TOKEN') || [])[1],
    log: Object.assign(log('info'), { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }),
    charge: charger(request.meter),
    progress: (fraction, message) =>
      report({ type: 'progress', fraction: Number(fraction) || 0, message: message === undefined ? '' : String(message) }),
  };
}

/** What is wrong with a result, as read back from its text; null when nothing is. */
function flaw(value, left) {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number in it is too large';
  if (value === null || typeof value !== 'object') return null;
  if (left === 0) return `it is nested deeper than ${NESTING_MAX} levels`;
  for (const key in value) {
    const found = flaw(value[key], left - 1);
    if (found) return found;
  }
  return null;
}

/** JSON has no NaN; `null` in its place would be a lie. */
function finite(key, value) {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} in "${key}" is no JSON number`);
  return value;
}

/** Sends what the handler returned, or fails when it cannot be sent. */
function reportOutputs(value, limit) {
  let text;
  try {
    text = stringify(value === undefined ? null : value, finite);
  } catch (error) {
    fail(`the handler's result is not JSON-serialisable: ${describe(error)}`);
  }
  if (text === undefined) fail("the handler's result is not JSON-serialisable");
  text = wellFormed(text);
  if (Buffer.byteLength(text) > limit) fail(`the handler's result is larger than ${limit} bytes`);
  const found = flaw(parse(text), NESTING_MAX);
  if (found) fail(`the handler's result cannot be used: ${found}`);
  send(`{"type":"outputs","value":${text}}`);
}

/** Has the interpreter load what most agents need, says so, and leaves the waiting to the read of the request. */
async function warmUp() {
  // What printing needs; not the streams themselves, which make the pipes non-blocking for whoever writes to them directly.
  require('node:net');
  require('node:tty');
  await import('data:text/javascript,');
  send('{"type":"ready"}');
}

async function main() {
  blocking('stdout');
  blocking('stderr');
  if (process.argv[2] === 'warm') await warmUp();
  const request = parse(fs.readFileSync(REQUEST, 'utf8'));
  fs.closeSync(REQUEST);
  // Code that came after the start is not where the start was.
  process.chdir('/agent');
  for (const [name, value] of request.env) process.env[name] = value;
  const file = path.resolve('/agent', request.entrypoint);
  process.argv = [process.argv[0], file];
  let source;
  try {
    source = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'EISDIR') return fail(`entry point ${request.entrypoint} is not a file`);
    return fail(`entry point ${request.entrypoint} cannot be read: ${error.code || error.message}`);
  }

  // What is awaited when the event loop runs dry will never come.
  let awaiting = 'the program';
  process.on('exit', () => {
    if (awaiting && !process.exitCode) {
      report({ type: 'error', message: `${awaiting} never finished: nothing is left that could settle its promise` });
      process.exitCode = awaiting === 'the program' ? 13 : 1;
    }
  });
  // A deliberate exit is not a promise that never settles.
  process.exit = (code) => {
    awaiting = null;
    return exit(code);
  };
  process.on('uncaughtExceptionMonitor', (error) => {
    awaiting = null;
    report({ type: 'error', message: describe(error) });
  });

  const exported = await load(file, source);
  const handler = handlerOf(exported);
  if (!handler) {
    awaiting = null;
    return;
  }
  report({ type: 'form', handler: true });
  awaiting = 'the handler';
  let result;
  try {
    result = await handler(parse(request.inputs), context(request));
  } catch (error) {
    awaiting = null;
    tell(error);
    return exit(1);
  }
  awaiting = null;
  reportOutputs(result, request.outputs_max);
  exit(process.exitCode || 0);
}

main().catch((error) => {
  // Thrown while loading; a plain program's own error ends here too.
  tell(error);
  exit(process.exitCode || 1);
});
