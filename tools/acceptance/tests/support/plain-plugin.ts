import { writeFileSync } from 'node:fs';

/**
 * Writes a plugin that shares no code with the suite: `methods` is the source of an object of functions
 * from parameters to results; `manifest` of an object of further members of its manifest.
 */
export function writePlainPlugin(
  file: string,
  plugin: {
    readonly names: readonly string[];
    readonly methods: string;
    readonly manifest?: string;
  },
): void {
  const source = `#!/usr/bin/env node
const methods = ${plugin.methods};
const manifest = ${plugin.manifest ?? '{}'};
const names = ${JSON.stringify(plugin.names)};
methods.getmanifest = () => ({
  options: [],
  dynamic: true,
  rpcmethods: names.map((name) => ({ name, usage: '[...]', description: name })),
  ...manifest,
});
methods.init = () => ({});
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  for (let end = text.indexOf('\\n\\n'); end >= 0; end = text.indexOf('\\n\\n')) {
    const { id, method, params } = JSON.parse(text.slice(0, end));
    text = text.slice(end + 2);
    const result = methods[method]?.(params);
    if (id !== undefined) {
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n\\n');
    }
  }
});
process.stdin.on('end', () => process.exit(0));
`;
  writeFileSync(file, source, { mode: 0o755 });
}
