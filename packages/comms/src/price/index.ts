export * from './toll.ts';
