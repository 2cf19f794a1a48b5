export * from './attestation.ts';
export * from './binding.ts';
export * from './contact.ts';
export * from './nostr-event.ts';
export * from './tagged-text.ts';
