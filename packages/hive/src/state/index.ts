export * from './exchange.ts';
export * from './gossip.ts';
export * from './items.ts';
export * from './merge.ts';
export * from './pages.ts';
export * from './types.ts';
