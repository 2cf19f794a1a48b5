export * from './authenticate.ts';
