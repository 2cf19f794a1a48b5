// Reads the bytes of a file in chunks of 64 KiB, as they come from a socket, and parses them in the
// way named by the first argument. Sends the milliseconds and the peak memory in MB.
import { closeSync, openSync, readSync } from 'node:fs';

const [, , mode, file, bundle] = process.argv;
const { JsonFramer, listchannels, parseFrame } = await import(bundle);

function* chunks() {
  const fd = openSync(file, 'r');
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(65_536);
    const length = readSync(fd, buffer);
    if (length === 0) {
      closeSync(fd);
      return;
    }
    yield buffer.subarray(0, length);
  }
}

/** What `JSON.parse` alone needs: all bytes, as one text. */
function plainly() {
  const parts = [...chunks()];
  const start = performance.now();
  const value = JSON.parse(Buffer.concat(parts).toString());
  return { value, ms: performance.now() - start };
}

function throughClient() {
  const framer = new JsonFramer();
  let ms = 0;
  let value;
  for (const chunk of chunks()) {
    const start = performance.now();
    for (const frame of framer.push(chunk)) {
      value = parseFrame(frame);
      if (mode === 'client-decode') {
        value = { result: listchannels.decode(value.result) };
      }
    }
    ms += performance.now() - start;
  }
  return { value, ms };
}

const before = process.memoryUsage().rss;
const { value, ms } = mode === 'json-parse' ? plainly() : throughClient();
if (value.result.channels.length < 1000) {
  throw new Error('the answer was not parsed');
}
const mb = (process.resourceUsage().maxRSS * 1024 - before) / 1e6;
process.send({ ms, mb }, () => process.disconnect());
