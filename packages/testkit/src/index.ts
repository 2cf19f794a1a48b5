export * from './killer.ts';
export * from './seeded-random.ts';
export * from './virtual-clock.ts';
