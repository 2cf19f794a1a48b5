import { describe, expect, it } from 'vitest';
import { nodeRefusal } from '../setup.mjs';

describe('the Node that is asked for', () => {
  it.each(['20.19.0', '20.19.5', '20.20.2', '22.0.0', '24.21.0', '26.10.0'])(
    'takes %s',
    (version) => {
      expect(nodeRefusal(version)).toBeUndefined();
    },
  );

  it.each(['18.20.0', '20.18.3', '20.9.0', '16.0.0', '19.9.0'])(
    'refuses %s and says what to install',
    (version) => {
      expect(nodeRefusal(version)).toMatch(new RegExp(`Node ${version} is too old.*20\\.19`));
    },
  );
});
