export { Datastore, type DatastoreErrorCode, type StoredValue } from './datastore.ts';
export {
  type AskLimits,
  LastingWorker,
  type LastingWorkerSettings,
  serveWorker,
} from './lasting-worker.ts';
export { watchLoop } from './loop-lag.ts';
export {
  followSibling,
  type SiblingAbsence,
  type SiblingContext,
  type SiblingListener,
  type SiblingSpec,
  type SiblingState,
  SiblingWatch,
} from './siblings.ts';
export { runInWorker, type WorkerErrorCode, type WorkerSettings } from './worker.ts';
