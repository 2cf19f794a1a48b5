import { method, p } from '@cl-hive/cln-plugin';
import { CodedError } from '@cl-hive/core';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** `hive-archon-verify-contact`: challenges a peer over cl-hive-comms: node key, DID and Nostr key are one's. */
export const archonVerifyContact = (ready: () => ArchonServices) =>
  method({
    description:
      'Challenge a peer to prove that its node, its DID and its Nostr key belong together',
    params: {
      node: p.nodeId('the peer by its node').optional(),
      nostr: p.text({ match: /^[0-9a-f]{64}$/, max: 64 }, 'the peer by its Nostr key').optional(),
      did: did('the peer by its DID').optional(),
    },
    handle: async ({ node, nostr, did: wanted }) => {
      const target = {
        ...(node === undefined ? {} : { node }),
        ...(nostr === undefined ? {} : { nostr }),
        ...(wanted === undefined ? {} : { did: wanted }),
      };
      if (Object.keys(target).length === 0) {
        throw new CodedError('target_invalid', 'there is no peer to challenge', {
          remedy: 'give node, nostr or did',
        });
      }
      const contact = await ready().parts.contacts.verify(target);
      const { chain, bindings } = contact.attestation;
      return {
        verified: true,
        did: contact.did,
        node: contact.node,
        ...(contact.nostr === undefined ? {} : { nostr: contact.nostr }),
        version: chain.versions.length,
        bindings: bindings.map(({ kind, key, created }) => ({ kind, key, created })),
      };
    },
  });
