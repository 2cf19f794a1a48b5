import { describe, expect, it } from 'vitest';
import { CommsTransports } from '../../src/transports/comms-transports.ts';
import { parts } from './fakes.ts';

describe('the method that is registered', () => {
  it.each([
    'pay',
    'withdraw',
    'stop',
    'setconfig',
    'autoclean-once',
    'hive-comms-rpc',
    'hive-client-approve',
    'hive-client',
    'Hive-inject',
    '',
    'a b',
    '__proto__',
  ])('is not %j: peers must not reach it', async (method) => {
    const transports = new CommsTransports(parts());
    const refused = expect.objectContaining({ code: 'method_refused' });
    await expect(transports.registerHandler('hive:', method)).rejects.toThrow(refused);
    await expect(
      transports.registerTransport({
        id: 'dmail',
        seal: 'link',
        sendMethod: 'dmail-send',
        reachMethod: method,
      }),
    ).rejects.toThrow(refused);
  });

  it('is one that a running plugin offers', async () => {
    const { RpcError } = await import('@cl-hive/cln-rpc');
    const transports = new CommsTransports(
      parts({
        help: () => {
          throw new RpcError('help', -32602, 'Unknown command');
        },
      }),
    );
    await expect(transports.registerHandler('hive:', 'hive-inject-packet')).rejects.toThrow(
      expect.objectContaining({ code: 'method_unknown' }),
    );
  });
});

describe('calls of siblings', () => {
  it.each([{}, { did: 'no' }, { nostr: 'npub1x' }])(
    'with the target %j are refused',
    async (target) => {
      const transports = new CommsTransports(parts());
      await expect(
        transports.send({ topic: 'x', payload: 1, sensitivity: 'routine', ...target }),
      ).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/invalid$/) }));
    },
  );

  it('for a transport that nobody registered are refused', async () => {
    const transports = new CommsTransports(parts());
    await expect(transports.receive('bolt8', { did: 'did:a:b' }, 'x')).rejects.toThrow(
      expect.objectContaining({ code: 'transport_unknown' }),
    );
  });

  it('to publish are refused while Nostr is off', async () => {
    const transports = new CommsTransports(parts());
    await expect(transports.publishEvent(1, 'x', [])).rejects.toThrow(
      expect.objectContaining({ code: 'nostr_off' }),
    );
  });

  it('are answered with fields that stay the same', async () => {
    const transports = new CommsTransports(parts({ listpeers: () => ({ peers: [] }) }));
    const node = `02${'ab'.repeat(32)}`;
    const sent = await transports.send({
      topic: 'hive:x',
      payload: 1,
      sensitivity: 'routine',
      node: node as never,
    });
    expect(sent).toEqual({
      outcome: 'failed',
      transport: null,
      why: 'no transport reaches the target',
      considered: [{ id: 'bolt8', usable: false, reason: 'the node is not connected' }],
      code: 'target_unreachable',
      message: 'no transport reaches the target',
      remedy: 'bolt8: the node is not connected',
    });
  });
});
