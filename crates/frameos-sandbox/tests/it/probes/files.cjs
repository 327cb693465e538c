// As files.py, with what Node has.
const started = (file, args = ['-p', '1']) => {
  const done = cp.spawnSync(file, args, { encoding: 'utf8', timeout: 10000 });
  return done.error ? done.error.code : done.status === 0 ? done.stdout.trim() : done.stderr.trim().split('\n').pop();
};
module.exports = () => {
  const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\n');
  const loader = maps.find((line) => line.includes('/ld-')).split(/\s+/).pop();
  fs.copyFileSync(process.execPath, '/tmp/node'); fs.chmodSync('/tmp/node', 0o755);
  fs.copyFileSync(maps.find((line) => line.includes('libm')).split(/\s+/).pop(), '/tmp/x.node');
  fs.symlinkSync('/etc/shadow', '/tmp/shadow');
  return {
    exec: started('/tmp/node'), loader: started(loader, ['/tmp/node', '-p', '1']), addon: tried(() => process.dlopen({ exports: {} }, '/tmp/x.node')),
    require: tried(() => require('/tmp/x.node')), 'own program': tried(() => fs.openSync('/proc/self/exe', 'r+')),
    code: tried(() => fs.writeFileSync('/agent/index.js', '')), runner: tried(() => fs.writeFileSync('/runner/runner.cjs', '')),
    'hard link': tried(() => fs.linkSync(process.execPath, '/tmp/hard')), shadow: tried(() => fs.readFileSync('/tmp/shadow')),
    rename: tried(() => fs.renameSync('/agent/index.js', '/tmp/index.js')), up: fs.readdirSync('/../..').join() === fs.readdirSync('/').join(),
    honest: started(process.execPath),
  };
};
