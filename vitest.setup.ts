import fc from 'fast-check';

// Runs repeat; FC_SEED tries other inputs, FC_RUNS more of them.
const seed = Number(process.env['FC_SEED'] ?? 20_260_203);
const runs = process.env['FC_RUNS'];
fc.configureGlobal(runs === undefined ? { seed } : { seed, numRuns: Number(runs) });

// What the tests read from themselves and from processes that they start is plain, wherever they run.
delete process.env['FORCE_COLOR'];
process.env['NO_COLOR'] = '1';
