// The planner's thread: started by cl-hive, never by lightningd.
import { workerData } from 'node:worker_threads';
import { serveWorker } from '@cl-hive/cln-plugin/helpers';
import { connectRpc } from '@cl-hive/cln-rpc';
import { LocalEngine } from './planner/engine/engine.ts';
import { rpcGraphSource } from './planner/engine/graph-source.ts';
import {
  answerQuestion,
  type EngineData,
  type EngineQuestion,
} from './planner/engine/questions.ts';
import { CYCLE_MS } from './planner/limits.ts';

const { rpcPath } = workerData as EngineData;
const rpc = connectRpc({ path: rpcPath, caller: 'cl-hive-planner', maxConnections: 1 });
const engine = new LocalEngine(rpcGraphSource(rpc, CYCLE_MS), () => performance.now());

serveWorker((question) => answerQuestion(engine, question as EngineQuestion));
