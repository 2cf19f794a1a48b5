export * from './contribution.ts';
export * from './presence.ts';
