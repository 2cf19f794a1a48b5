export { type AnswerFailure, type AnsweringOptions, answering } from './answering.ts';
export type { BadCounts, BadReason } from './bad-frames.ts';
export type { RelayCoverage } from './coverage.ts';
export type { PublishOutcome, Refusal } from './delivery.ts';
export { type Dial, dialWebSocket, type Socket, type SocketEvents } from './dial.ts';
export {
  type EventTemplate,
  eventDecoder,
  hasValidSignature,
  type NostrEvent,
  type Tags,
} from './event.ts';
export type { RefusalCounts } from './inbox.ts';
export { KINDS } from './kinds.ts';
export { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
export { memoryStorage } from './memory-storage.ts';
export type { IncomingMessage, MessageForm, RefusalCode } from './message.ts';
export type { OutboxErrorCode } from './outbox.ts';
export type { Log, LogLevel, OutboxRecord, TransportStorage } from './ports.ts';
export { ownRelayUrl } from './public-address.ts';
export type { ForeignRelays } from './relay-pool.ts';
export type { RelayFailure, RelayFailureCode, RelayHealth } from './relay-state.ts';
export type { RelayStatus } from './relay-status.ts';
export { type RelayUrlErrorCode, relayUrl } from './relay-url.ts';
export type { RequestErrorCode, RequestOutcome } from './requests.ts';
export { localSigner, type Nip44ErrorCode, type Signer } from './signer.ts';
export {
  NostrTransport,
  type NostrTransportOptions,
  type OutgoingMessage,
  type Published,
  type PublishOptions,
  type SentMessage,
  type TransportErrorCode,
} from './transport.ts';
