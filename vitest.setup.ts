import fc from 'fast-check';

// Runs repeat; FC_SEED tries other inputs, FC_RUNS more of them.
const seed = Number(process.env['FC_SEED'] ?? 20_260_203);
const runs = process.env['FC_RUNS'];
fc.configureGlobal(runs === undefined ? { seed } : { seed, numRuns: Number(runs) });
