import { createCipheriv, createDecipheriv } from 'node:crypto';
import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { reverseHex } from './chain/transaction.ts';
import { type Channel, peerOf, sideOf } from './channel.ts';
import { sha256 } from './digest.ts';
import { idOf, secretFrom } from './keys.ts';
import type { LabNode } from './lab-node.ts';

/** Type of the message that `emergency.recover` holds, and its version (lightningd's `scb_wire.csv`). */
const BACKUP_TYPE = 6137;
const BACKUP_VERSION = 1n;

/** Feature bits 12 and 22: static remote keys, anchors without fees. */
const CHANNEL_TYPE = '401000';

/** A hash chain of secrets in which none is known yet: the next index, and how many follow. */
const EMPTY_SHACHAIN = '000100000000000000000000';

/** Blocks that the peer has to wait for its money. */
const SELF_DELAY = 6;

const HEADER_BYTES = 24;
const MAC_BYTES = 16;
const CIPHER = 'chacha20-poly1305';

function number(value: bigint | number, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, '0');
}

function tlv(type: number, hex: string): string {
  return number(type, 1) + number(hex.length / 2, 1) + hex;
}

/** One channel as `staticbackup` gives it: lightningd's `modern_scb_chan`, in hex. */
export function channelBackup(node: LabNode, channel: Channel, row: number): string {
  const side = sideOf(channel, node.id);
  const peer = peerOf(channel, node.id);
  const basepoints = ['revocation', 'payment', 'htlc', 'delayed_payment'].map((purpose) =>
    idOf(secretFrom(hexToBytes(channel.channelId), `${purpose}/${peer}`)),
  );
  const tlvs = [
    tlv(1, EMPTY_SHACHAIN),
    tlv(3, basepoints.join('')),
    tlv(5, number(side, 1)),
    tlv(7, number(SELF_DELAY, 2)),
  ].join('');
  return [
    number(row, 8),
    channel.channelId,
    peer,
    addressOf(node, peer),
    reverseHex(channel.fundingTxid),
    number(channel.fundingOutnum, 4),
    number(channel.ledger.capacityMsat / 1000n, 8),
    number(CHANNEL_TYPE.length / 2, 2),
    CHANNEL_TYPE,
    number(tlvs.length / 2, 4),
    tlvs,
  ].join('');
}

/** Where the peer was last seen (BOLT 7 address, IPv4). */
function addressOf(node: LabNode, peer: string): string {
  const known = node.peers.get(peer);
  const port = known === undefined || known.port < 0 ? 0 : known.port & 0xffff;
  return `017f000001${number(port, 2)}`;
}

/** The message that `emergency.recover` holds. */
export function encodeBackup(channels: readonly string[], now: number): Uint8Array {
  const head = [
    number(BACKUP_TYPE, 2),
    number(BACKUP_VERSION, 8),
    number(now, 4),
    number(channels.length, 2),
  ];
  return hexToBytes([...head, ...channels].join(''));
}

/** Ids of the channels in such a message; undefined where it is none. */
export function decodeBackup(bytes: Uint8Array): readonly string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const typed = bytes.length >= 16 && view.getUint16(0) === BACKUP_TYPE;
  if (!typed || view.getBigUint64(2) !== BACKUP_VERSION) {
    return undefined;
  }
  const ids: string[] = [];
  // Behind id, channel id, node id, address, outpoint and amount: the channel type, then the TLVs.
  const typeAt = 8 + 32 + 33 + 7 + 36 + 8;
  let at = 16;
  for (let left = view.getUint16(14); left > 0; left -= 1) {
    ids.push(bytesToHex(bytes.subarray(at + 8, at + 40)));
    const tlvAt = at + typeAt + 2 + view.getUint16(at + typeAt);
    at = tlvAt + 4 + view.getUint32(tlvAt);
  }
  return at === bytes.length ? ids : undefined;
}

function keyOf(node: LabNode): Uint8Array {
  return sha256('scb secret', node.spec.secretKey);
}

/** Seals a backup with the node's secret; as long as lightningd's own, but by another cipher. */
export function sealBackup(node: LabNode, plain: Uint8Array): Uint8Array {
  const header = node.draws.next('scb').subarray(0, HEADER_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(node), header.subarray(0, 12), {
    authTagLength: MAC_BYTES,
  });
  const body = Buffer.concat([cipher.update(Buffer.from([0])), cipher.update(plain)]);
  cipher.final();
  return Buffer.concat([header, body, cipher.getAuthTag()]);
}

/** The plain text of a sealed backup; undefined where it is damaged or another node's. */
export function openBackup(node: LabNode, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length <= HEADER_BYTES + MAC_BYTES) {
    return undefined;
  }
  const decipher = createDecipheriv(CIPHER, keyOf(node), sealed.subarray(0, 12), {
    authTagLength: MAC_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-MAC_BYTES));
  const body = decipher.update(sealed.subarray(HEADER_BYTES, -MAC_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return body.subarray(1);
}
