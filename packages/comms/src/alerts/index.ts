export * from './alert-desk.ts';
