import { refuse } from '../errors.ts';
import { isReservedOption } from '../reserved-names.ts';
import type { AnyOption } from './option.ts';

/** Refuses an option that lightningd would refuse, or die of. */
export function checkOption(name: string, option: AnyOption): void {
  const bad = (what: string, remedy: string): never =>
    refuse('definition_option', `option ${name}: ${what}`, remedy);
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name)) {
    bad('the name is not lower case letters, digits, - and _', 'rename it; camelCase is refused');
  }
  if (isReservedOption(name)) {
    bad('Core Lightning has an option of that name', 'choose a name that starts with your prefix');
  }
  if (typeof option.description !== 'string' || option.description.trim() === '') {
    bad('the description is missing', 'say in a sentence what it does');
  }
  if (option.multi && (option.type === 'bool' || option.type === 'flag')) {
    bad(`a ${option.type} cannot be given more than once`, 'use strings or ints');
  }
  if (option.type === 'flag' && option.fallback !== undefined && option.fallback !== false) {
    bad('a flag is off by default', 'use a bool option with default true');
  }
  if (option.fallback !== undefined) {
    checkDefault(name, option);
  }
}

function checkDefault(name: string, option: AnyOption): void {
  let reason: string | undefined;
  try {
    reason = option.validate(option.read(option.fallback) as never);
  } catch {
    reason = 'it is not of the declared type and range';
  }
  if (reason !== undefined) {
    refuse(
      'definition_option',
      `option ${name}: the default is not a value it accepts: ${reason}`,
      'give a default that the option itself accepts, or none',
    );
  }
}
