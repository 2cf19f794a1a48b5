export * from './plugins.ts';
export * from './sibling-watch.ts';
export * from './suite-plugin.ts';
