import { method, p } from '@cl-hive/cln-plugin';
import { DecodeError } from '@cl-hive/core';
import { MAP_NAME_CHARS_MAX } from '../planner/limits.ts';
import type { PlannerCommands } from '../planner/planner-commands.ts';

const MAP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*\.svg$/;

function mapName(input: unknown): string {
  if (typeof input === 'string' && input.length <= MAP_NAME_CHARS_MAX && MAP_NAME.test(input)) {
    return input;
  }
  throw new DecodeError('a name of letters, digits and ._- that ends in .svg', input);
}

/** `hive-topology`: the fleet's place in the network, as a table and, if a file is named, as a picture. */
export const topology = (planner: () => PlannerCommands) =>
  method({
    description: 'Show what the fleet has saturated and where it would grow, and draw its map',
    params: { svg: p.custom(mapName, 'name of the map to write').optional() },
    handle: ({ svg }) => planner().topology(svg),
  });
