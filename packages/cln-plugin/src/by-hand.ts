import { stringifyJson } from '@cl-hive/core';
import type { Definition } from './definition.ts';
import type { PluginIo } from './io.ts';
import { manifestOf } from './manifest.ts';
import { usageOf } from './params/parse.ts';

/** Shows what the plugin is and how to use it; `--manifest` prints its manifest as JSON instead. */
export async function explainByHand(definition: Definition, io: PluginIo): Promise<void> {
  if (io.args.includes('--manifest')) {
    await io.explain('stdout', `${stringifyJson(manifestOf(definition))}\n`);
    return;
  }
  await io.explain('stderr', usageText(definition, io.file));
}

function usageText(definition: Definition, file: string): string {
  const lines = [
    `${definition.name} is a plugin of Core Lightning: lightningd starts it.`,
    '',
    `  lightningd --plugin=/path/to/${file}`,
    ...(definition.dynamic ? [`  lightning-cli plugin start /path/to/${file}`] : []),
    `  ${file} --manifest          what it tells lightningd, as JSON`,
  ];
  if (definition.methods.size > 0) {
    lines.push('', 'Methods:');
    for (const [name, method] of definition.methods) {
      lines.push(
        `  ${[name, usageOf(method.params)].join(' ').trimEnd()}`,
        `      ${method.description}`,
      );
    }
  }
  const options = Object.entries(definition.options);
  if (options.length > 0) {
    lines.push('', 'Options:');
    for (const [name, option] of options) {
      const value = option.type === 'flag' ? '' : `=<${option.type}>`;
      lines.push(`  --${name}${value}`, `      ${option.description}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
