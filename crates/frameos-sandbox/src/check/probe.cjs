// As probe.py, with what Node has: it makes no system calls by number.
'use strict';
const fs = require('fs'), os = require('os'), net = require('net'), path = require('path'), cp = require('child_process');
const NULL_DEVICE = fs.statSync('/dev/null').rdev;

const tried = (act) => {
  try {
    act();
    return 'done';
  } catch (error) {
    return error.code || String(error.message);
  }
};

const connect = (options) => new Promise((resolve) => {
  const socket = net.connect({ ...options, timeout: 2000 }, () => { socket.destroy(); resolve('done'); });
  socket.on('error', (error) => resolve(error.code));
  socket.on('timeout', () => { socket.destroy(); resolve('timed out'); });
});

const put = (folder) => {
  const file = path.join(folder, 'frameos-check');
  fs.writeFileSync(file, 'x');
  fs.unlinkSync(file);
};

const readable = (file) => {
  let found = 'empty';
  const how = tried(() => {
    const fd = fs.openSync(file);
    try {
      if (fs.readSync(fd, Buffer.alloc(1)) > 0) found = 'readable';
    } finally {
      fs.closeSync(fd);
    }
  });
  return how === 'done' ? found : how;
};

/** Only opens: nothing is written, should the wall be missing. What is covered is the null device under that name. */
const writable = (file) => {
  let covered = false;
  const how = tried(() => {
    covered = fs.statSync(file).rdev === NULL_DEVICE;
    if (!covered) fs.closeSync(fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK));
  });
  return covered ? 'covered' : how;
};

const execute = () => {
  fs.writeFileSync('/tmp/script', `#!${process.execPath}\n`);
  fs.chmodSync('/tmp/script', 0o755);
  cp.execFileSync('/tmp/script');
};

const descriptors = () => fs.readdirSync('/proc/self/fd').flatMap((fd) => {
  try {
    return [fs.readlinkSync('/proc/self/fd/' + fd).split(':[')[0]];
  } catch {
    return []; // That of the listing itself.
  }
});

const all = (names, act) => Object.fromEntries(names.map((name) => [name, act(name)]));

async function look(inputs) {
  const lines = fs.readFileSync('/proc/self/status', 'utf8').trim().split('\n');
  const status = Object.fromEntries(lines.map((line) => [line.split(':')[0], line.slice(line.indexOf(':') + 1).trim()]));
  const outside = {};
  for (const host of ['1.1.1.1', '10.0.0.1']) outside[host] = await connect({ host, port: 443 });
  return {
    ids: [...new Set(['Uid', 'Gid', 'Groups'].flatMap((name) => status[name].split(/\s+/).filter(Boolean)))].sort(),
    capabilities: all(Object.keys(status).filter((name) => name.startsWith('Cap')), (name) => status[name]),
    no_new_privs: status.NoNewPrivs,
    seccomp: status.Seccomp,
    namespaces: all(inputs.namespaces, (name) => fs.readlinkSync('/proc/self/ns/' + name)),
    hostname: os.hostname(),
    processes: fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid),
    interfaces: fs.readFileSync('/proc/net/dev', 'utf8').split('\n').filter((line) => line.includes(':')).map((line) => line.split(':')[0].trim()),
    outside,
    host: { tcp: await connect({ host: '127.0.0.1', port: inputs.port }) },
    read_only: all(inputs.places, (place) => tried(() => put(place))),
    tmp: tried(() => put('/tmp')),
    execute: tried(execute),
    covered: all(inputs.covered, (name) => readable('/proc/' + name)),
    settings: all(inputs.settings, (name) => writable('/proc/' + name)),
    sys: tried(() => fs.readdirSync('/sys')),
    comm: writable('/proc/self/comm'),
    environment: Object.keys(process.env),
    descriptors: descriptors(),
  };
}

function hog() {
  for (const kept = []; ;) kept.push(Buffer.alloc(4 << 20, 1));
}

/** Another one of these, or why there is none. */
const child = (code) => new Promise((resolve) => {
  const made = cp.spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' });
  made.on('spawn', () => resolve(null));
  made.on('error', (error) => resolve(error.code));
});

async function multiply({ most }) {
  for (let made = 0; made < most; made++) {
    const met = await child('setInterval(() => {}, 1e6)');
    if (met) return { made, met };
  }
  return { made: most, met: 'no limit' };
}

function fill({ most }) {
  let written = 0;
  const met = tried(() => {
    const fd = fs.openSync('/tmp/full', 'w');
    while (written < most) written += fs.writeSync(fd, Buffer.alloc(1 << 20));
  });
  return { written, met: met === 'done' ? 'no limit' : met };
}

async function burn({ seconds }) {
  await child(`const end = Date.now() + ${seconds * 1000}; while (Date.now() < end);`);
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end);
}

/** Two that do not want to end, in sessions of their own. */
async function stay() {
  process.on('SIGTERM', () => console.log('SIGTERM'));
  await child('process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)');
  await new Promise(() => setInterval(() => {}, 1e6));
}

const ACTS = { look, hog, multiply, fill, burn, stay };
module.exports = (inputs) => ACTS[inputs.act](inputs);
