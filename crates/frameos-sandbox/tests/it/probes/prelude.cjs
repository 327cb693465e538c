// Before every probe. `tried` says how an attempt went: "done", or the code of the error it met.
'use strict';
const fs = require('fs'), os = require('os'), net = require('net'), path = require('path'), cp = require('child_process');
const tried = (act) => { try { act(); return 'done'; } catch (error) { return error.code || String(error.message).split('\n', 1)[0]; } };
/** A connection's fate. */
const reached = (options) => new Promise((resolve) => {
  const socket = net.connect(options, () => { socket.destroy(); resolve('done'); });
  socket.on('error', (error) => resolve(error.code));
});
