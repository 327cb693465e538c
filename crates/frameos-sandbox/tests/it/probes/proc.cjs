// As proc.py, with what Node has.
// What is covered is /dev/null under another name: whoever writes there writes nowhere.
const covered = (file) => fs.statSync(file).rdev === fs.statSync('/dev/null').rdev;
const put = (file, text) => { if (covered(file)) throw new Error('covered'); fs.writeFileSync(file, text); };
const openable = (file) => tried(() => {
  if (covered(file)) throw new Error('covered');
  fs.closeSync(fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK));
}) === 'done';
function files(top, skip = () => false) {
  const found = [];
  for (const entry of fs.readdirSync(top, { withFileTypes: true })) {
    const file = path.join(top, entry.name);
    if (skip(entry.name) || entry.isSymbolicLink()) continue;
    if (!entry.isDirectory()) found.push(file);
    else try { found.push(...files(file, skip)); } catch { /* Not for us. */ }
  }
  return found;
}
module.exports = () => ({
  pids: fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid),
  'writable of others': files('/proc', (name) => /^\d+$/.test(name)).filter(openable),
  'writable of its own': files('/proc/self', (name) => ['fd', 'map_files'].includes(name)).filter(openable),
  init: Object.fromEntries(['root', 'environ', 'mem', 'fd'].map((name) => [name, tried(() => fs.statSync('/proc/1/' + name))])),
  absent: Object.fromEntries(['/sys', '/run', '/home', '/root', '/proc/1'].map((name) => [name, tried(() => fs.readdirSync(name))])),
  sysrq: tried(() => put('/proc/sysrq-trigger', 'b')),
  'core pattern': tried(() => put('/proc/sys/kernel/core_pattern', '|/tmp/x')),
  oom: tried(() => put('/proc/self/oom_score_adj', '-1000')),
  debugger: tried(() => process._debugProcess(1)),
  kill: tried(() => process.kill(1, 'SIGKILL')),
  signalled: fs.readdirSync('/proc').includes(String(process.pid)),
});
