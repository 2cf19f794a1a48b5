// The same interface under the name of a later version (package.json).
declare module 'better-sqlite3-napi' {
  export { default } from 'better-sqlite3';
}
