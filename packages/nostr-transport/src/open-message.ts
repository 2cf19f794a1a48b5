import { err, isCodedError, ok, type Result, type UnixMs } from '@cl-hive/core';
import { type NostrEvent, type Rumor, tagValue } from './event.ts';
import { openGiftWrap } from './gift-wrap.ts';
import { KINDS } from './kinds.ts';
import type { IncomingMessage, MessageForm, RefusalCode } from './message.ts';
import type { Signer } from './signer.ts';

/** Turns an event whose signature was checked into a message for the key of `signer`, or says why not. */
export function openMessage(
  event: NostrEvent,
  signer: Signer,
  relay: string,
): Result<IncomingMessage, RefusalCode> {
  switch (event.kind) {
    case KINDS.giftWrap: {
      const opened = openGiftWrap(event, signer);
      return opened.ok ? ok(message(opened.value, signer, 'nip17', relay)) : opened;
    }
    case KINDS.nip04:
      return err('nip04');
    default:
      return openDirect(event, signer, relay);
  }
}

function openDirect(
  event: NostrEvent,
  signer: Signer,
  relay: string,
): Result<IncomingMessage, RefusalCode> {
  try {
    const content = signer.decrypt(event.pubkey, event.content);
    return ok(message({ ...event, content }, signer, 'nip44', relay));
  } catch (error) {
    if (isCodedError(error, 'nip44_invalid')) {
      return err('undecryptable');
    }
    throw error;
  }
}

function message(source: Rumor, reader: Signer, form: MessageForm, relay: string): IncomingMessage {
  return {
    id: source.id,
    form,
    sender: source.pubkey,
    reader: reader.pubkey,
    content: source.content,
    tags: source.tags,
    sentAt: (source.created_at * 1_000) as UnixMs,
    replyTo: tagValue(source, 'e'),
    relay,
  };
}
