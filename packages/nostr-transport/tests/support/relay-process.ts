// Started as a process of its own: a relay on the port given, which says when it listens.
import { startRelay } from '@cl-hive/hive-lab';

const relay = await startRelay({ port: Number(process.argv[2]) });
process.stdout.write(`${relay.url}\n`);
