export * from './ranges.ts';
export * from './reconcile.ts';
