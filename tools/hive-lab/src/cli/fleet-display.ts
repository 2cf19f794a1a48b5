import type { FleetModel } from '../fleet/fleet-model.ts';
import { renderLine, renderNext, renderTable } from '../fleet/render.ts';
import type { Output } from './output.ts';

/** Width of the table where there is no terminal. */
const PLAIN_WIDTH = 160;
const REDRAW_MS = 100;
const RECENT_MAX = 12;

/** Shows a fleet as it changes. */
export interface FleetDisplay {
  readonly update: (model: FleetModel) => void;
  /** Draws the last state and leaves the terminal as it was. */
  readonly finish: () => void;
}

/** A table that is redrawn in place on a terminal; else one line for each thing that happens. */
export function fleetDisplay(output: Output, command: string): FleetDisplay {
  return output.terminal() === undefined ? plainDisplay(output) : liveDisplay(output, command);
}

/** The whole table for output that is no terminal. */
export function plainTable(model: FleetModel): string {
  return `${renderTable(model, PLAIN_WIDTH, 0)}\n`;
}

function plainDisplay(output: Output): FleetDisplay {
  let printed = 0;
  return {
    update: (model) => {
      for (const line of model.lines) {
        if (line.seq > printed) {
          output.out(`${renderLine(line)}\n`);
          printed = line.seq;
        }
      }
    },
    finish: () => undefined,
  };
}

function liveDisplay(output: Output, command: string): FleetDisplay {
  let latest: FleetModel | undefined;
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    timer = undefined;
    const size = output.terminal();
    if (latest === undefined || size === undefined) {
      return;
    }
    const lines = frame(latest, size.columns, size.rows, command);
    const back = drawn === 0 ? '\u001b[?25l' : `\u001b[${drawn}A\r`;
    output.out(`${back}\u001b[0J${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  return {
    update: (model) => {
      latest = model;
      timer ??= setTimeout(draw, REDRAW_MS);
    },
    finish: () => {
      clearTimeout(timer);
      draw();
      output.out('\u001b[?25h');
    },
  };
}

/** The lines of one picture; never more than fit, as what has scrolled away cannot be redrawn. */
function frame(model: FleetModel, columns: number, rows: number, command: string): string[] {
  const next = model.phase === 'running' ? ['', ...renderNext(model, command).split('\n')] : [];
  const bare = renderTable(model, columns - 1, 0).split('\n').length;
  const room = rows - bare - next.length - 2;
  const recent = Math.max(0, Math.min(RECENT_MAX, room));
  return [...renderTable(model, columns - 1, recent).split('\n'), ...next].slice(0, rows - 1);
}
