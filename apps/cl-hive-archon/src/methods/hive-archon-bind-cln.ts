import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { PROOF_PARAMS } from './proof-params.ts';

/** `hive-archon-bind-cln`: binds a node key to the DID; without parameters this node's own. */
export const archonBindCln = (opened: () => ArchonServices) =>
  method({
    description: 'Bind a Lightning node to the DID of this node, once the node has signed for it',
    params: { node: p.nodeId('another node; by default this one').optional(), ...PROOF_PARAMS },
    handle: ({ node, ...proof }) => opened().identityCommands.bind('node', node, proof),
  });
