import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-alias`: other names of an advisor. */
export const clientAlias = (ready: () => CommsServices) =>
  method({
    description: 'Give an advisor another name beside its own, take it away, or rename it',
    params: {
      advisor: p.text({ min: 1, max: 128 }, 'name, alias or index'),
      alias: p.text({ min: 1, max: 64 }, 'a-z 0-9 . _ -'),
      action: p.oneOf(['add', 'remove', 'rename'], 'what to do').default('add'),
    },
    handle: ({ advisor, alias, action }) =>
      ready().client.edit(advisor, ({ index }) =>
        action === 'rename'
          ? { kind: 'rename', advisor: index, name: alias }
          : { kind: action === 'add' ? 'add_alias' : 'remove_alias', advisor: index, alias },
      ),
  });
