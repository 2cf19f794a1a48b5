#!/usr/bin/env node
// Writes every message that lightningd sends into `recorder.jsonl` of the working directory.
const fs = require('node:fs');

const MANIFEST = {
  dynamic: true,
  options: [
    { name: 'lab-string', type: 'string', default: 'x', description: '', dynamic: true },
    { name: 'lab-int', type: 'int', default: 7, description: '' },
    { name: 'lab-bool', type: 'bool', default: true, description: '' },
    { name: 'lab-flag', type: 'flag', description: '' },
    { name: 'lab-multi', type: 'string', multi: true, description: '' },
  ],
  rpcmethods: [{ name: 'lab-echo', usage: '[a] [b]' }],
  subscriptions: ['plugin_started', 'warning', 'shutdown'],
};

function handle(message, text) {
  fs.appendFileSync('recorder.jsonl', `${text.replaceAll('\n', ' ')}\n`);
  const send = (body) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...body })}\n\n`);
  if (message.method === 'shutdown') {
    process.exit(0);
  } else if (message.method === 'getmanifest') {
    send({ id: message.id, result: MANIFEST });
  } else if (message.method === 'lab-echo') {
    send({ method: 'log', params: { level: 'warn', message: 'echoing' } });
    send({ id: message.id, result: { echo: message.params } });
  } else if (message.id !== undefined) {
    send({ id: message.id, result: {} });
  }
}

let text = '';
process.stdin.setEncoding('utf8').on('data', (data) => {
  text += data;
  // Every message ends so; none that this plugin gets holds a blank line.
  for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
    const one = text.slice(0, end);
    text = text.slice(end + 2);
    handle(JSON.parse(one), one);
  }
});
process.stdin.on('end', () => process.exit(0));
