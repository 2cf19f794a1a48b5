export * from './define-suite-plugin.ts';
export * from './plugins.ts';
export * from './sibling-view.ts';
export * from './sibling-watch.ts';
export * from './suite-plugin.ts';
export * from './version.ts';
