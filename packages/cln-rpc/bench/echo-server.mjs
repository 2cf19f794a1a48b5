// Answers each request (ended by a blank line) with a recorded getinfo, as fast as Node can.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/transcripts/rpc/getinfo.json', import.meta.url), 'utf8'),
);
const result = JSON.stringify(recorded.response.result);

createServer((socket) => {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const parts = (text + chunk.toString('latin1')).split('\n\n');
    text = parts.pop();
    let out = '';
    for (const part of parts) {
      const start = part.indexOf('"id":"') + 6;
      out += `{"jsonrpc":"2.0","id":"${part.slice(start, part.indexOf('"', start))}","result":${result}}\n\n`;
    }
    socket.write(out);
  });
}).listen(process.argv[2], () => process.send('ready'));
