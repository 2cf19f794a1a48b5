export * from './book.ts';
export * from './resolve.ts';
