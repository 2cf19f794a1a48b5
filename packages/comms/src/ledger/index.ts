export * from './book.ts';
export * from './cap.ts';
export * from './entry.ts';
export * from './reserve.ts';
export * from './transition.ts';
