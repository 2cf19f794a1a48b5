export * from './select-method.ts';
