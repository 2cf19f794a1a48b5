import type { JsonObject } from '@cl-hive/core';
import { type ManagementCommand, type RequestEnvelope, requestDigest } from '@cl-hive/protocol';
import { type Advisor, advisorId } from '../advisors/book.ts';
import { resolvePrincipal } from '../advisors/resolve.ts';
import type { ClaimDecision } from './claim.ts';
import { ask, type Flow, type GatheredFacts, type OutgoingAnswer } from './command.ts';
import type { Intent, IntentOutcome } from './intent.ts';
import { type EffectResult, type Observation, recoveryOf } from './outcome.ts';
import { principalRefusal, type Refusal } from './reason.ts';
import { checkRate, type GateContext, type Inbound, type Received, receive } from './receive.ts';

/** Nothing was claimed, since the node could not be asked. */
const UNAVAILABLE: IntentOutcome = {
  outcome: 'failed',
  code: 'node_unavailable',
  message: 'the node did not answer',
  remedy: 'ask again later',
};

/** Something broke; what was claimed before it is being recovered. */
const BROKEN: IntentOutcome = {
  outcome: 'unknown',
  code: 'storage',
  message: 'the node could not store or carry out the request',
  remedy: 'ask again with the same nonce: it is carried out at most once',
};

const UNSEEN: Observation = { stateAfter: undefined, confirmed: undefined };

function refusedOutcome({ code, message, remedy }: Refusal): IntentOutcome {
  return { outcome: 'refused', code, message, remedy };
}

function answerTo(
  route: JsonObject,
  envelope: RequestEnvelope | undefined,
  authenticated: boolean,
  outcome: IntentOutcome,
): OutgoingAnswer {
  return {
    route,
    authenticated,
    nonce: envelope?.nonce,
    requestDigest: envelope === undefined ? undefined : requestDigest(envelope),
    intent: undefined,
    approval: undefined,
    repeated: false,
    outcome,
  };
}

/** The answer about an intent, as it stands. */
export function answerAbout(
  intent: Intent,
  route: JsonObject = intent.route,
  repeated = false,
): OutgoingAnswer {
  const outcome = intent.outcome ?? { outcome: 'pending', message: 'it is being carried out' };
  return {
    route,
    authenticated: true,
    nonce: intent.nonce,
    requestDigest: intent.requestDigest,
    intent: intent.id,
    approval: intent.state === 'waiting' ? intent.id : undefined,
    repeated,
    outcome,
  };
}

/** From an answer in the queue to its sender. */
export function* publish(intent: Intent): Flow<OutgoingAnswer> {
  const answer = answerAbout(intent);
  yield* ask('answer', { answer });
  yield* ask('answered', { intent: intent.id });
  return answer;
}

/** From a claimed intent to its answer. */
export function* carryOut(intent: Intent): Flow<OutgoingAnswer> {
  yield* ask('start', { intent });
  const result = yield* ask('execute', { intent });
  const observation =
    result.kind === 'executed' ? yield* ask('observe', { intent, result }) : UNSEEN;
  const recorded = yield* ask('record', { intent, result, observation });
  return yield* publish(recorded.intent);
}

function* reply(answer: OutgoingAnswer): Flow<OutgoingAnswer> {
  yield* ask('answer', { answer });
  return answer;
}

function readOutcome(result: EffectResult): IntentOutcome {
  switch (result.kind) {
    case 'executed':
      return { outcome: 'executed', result: result.result };
    case 'unsupported': {
      const remedy = 'this node cannot do it';
      return { outcome: 'unsupported', code: 'unsupported', message: result.message, remedy };
    }
    case 'failed':
    case 'unknown': {
      const remedy = 'ask again with a new nonce';
      return { outcome: 'failed', code: 'execution_failed', message: result.message, remedy };
    }
    case 'not_started':
      return { outcome: 'failed', code: 'not_started', remedy: 'ask again with a new nonce' };
  }
}

function* charge(
  { priceMsat, problem }: Extract<ClaimDecision, { readonly kind: 'price' }>,
  principal: string,
  command: ManagementCommand,
  envelope: RequestEnvelope,
  route: JsonObject,
): Flow<OutgoingAnswer> {
  let outcome: IntentOutcome;
  try {
    const result = yield* ask('charge', { principal, command, priceMsat });
    const shown =
      problem === undefined ? '' : `; the token that was shown does not count: ${problem}`;
    outcome = {
      outcome: 'refused',
      code: 'payment_required',
      message: `it costs ${priceMsat} msat${shown}`,
      remedy: 'pay the invoice, then send it again with l402 = "L402 <macaroon>:<preimage>"',
      result,
    };
  } catch (error) {
    yield* ask('fault', { error });
    outcome = UNAVAILABLE;
  }
  return yield* reply(answerTo(route, envelope, true, outcome));
}

function* afterClaim(
  decision: ClaimDecision,
  principal: string,
  command: ManagementCommand,
  envelope: RequestEnvelope,
  route: JsonObject,
): Flow<OutgoingAnswer> {
  switch (decision.kind) {
    case 'known': {
      // Under an idempotency key the known intent has the nonce of another request.
      const about = answerAbout(decision.intent, route, true);
      const { nonce } = envelope;
      return yield* reply({ ...about, nonce, requestDigest: requestDigest(envelope) });
    }
    case 'refused':
      return yield* reply(answerTo(route, envelope, true, refusedOutcome(decision.refusal)));
    case 'price':
      return yield* charge(decision, principal, command, envelope, route);
    case 'read': {
      const { historySince } = decision.decision;
      const result = yield* ask('read', { command, historySince });
      return yield* reply(answerTo(route, envelope, true, readOutcome(result)));
    }
    case 'waiting':
      yield* ask('notify', { intent: decision.intent });
      return yield* reply(answerAbout(decision.intent, route));
    case 'claimed':
      return yield* carryOut(decision.intent);
  }
}

function* fromKnownSender(
  inbound: Inbound,
  received: Received,
  advisor: Advisor,
  proof: Advisor['keys'][number],
  context: GateContext,
): Flow<OutgoingAnswer> {
  const { envelope, command, danger } = received;
  const { route } = inbound;
  const principal = advisorId(advisor);
  const limited = checkRate(context.principals, principal, danger, context.monotonicMs);
  if (limited !== undefined) {
    return yield* reply(answerTo(route, envelope, true, refusedOutcome(limited)));
  }
  if (!command.ok) {
    const { code, message, remedy } = command.error;
    const refusal: Refusal = { code, message, remedy };
    yield* ask('refuse', { malformed: { principal, envelope, refusal, danger } });
    return yield* reply(answerTo(route, envelope, true, refusedOutcome(refusal)));
  }
  let gathered: GatheredFacts;
  try {
    gathered = yield* ask('facts', { command: command.value });
  } catch (error) {
    yield* ask('fault', { error });
    return yield* reply(answerTo(route, envelope, true, UNAVAILABLE));
  }
  const shown = envelope.l402 ?? inbound.evidence['l402'];
  const token = typeof shown === 'string' ? shown : undefined;
  const toll = yield* ask('toll', { principal, command: command.value, token });
  const decision = yield* ask('claim', {
    claim: { principal, envelope, command: command.value, ...gathered, proof, route, toll },
  });
  return yield* afterClaim(decision, principal, command.value, envelope, route);
}

/**
 * From bytes to an answer: the whole pipeline, the same for every transport. Returns the answer that
 * was sent last. Whatever a port throws, the sender is told.
 */
export function* handleRequest(inbound: Inbound, context: GateContext): Flow<OutgoingAnswer> {
  const received = receive(inbound, context);
  const { route } = inbound;
  if (!received.ok) {
    const { refusal, envelope } = received.error;
    return yield* reply(answerTo(route, envelope, false, refusedOutcome(refusal)));
  }
  try {
    return yield* identified(inbound, received.value, context);
  } catch (error) {
    yield* ask('fault', { error });
    return yield* reply(answerTo(route, received.value.envelope, false, BROKEN));
  }
}

function* identified(
  inbound: Inbound,
  received: Received,
  context: GateContext,
): Flow<OutgoingAnswer> {
  const { envelope } = received;
  const { route } = inbound;
  const authentication = yield* ask('authenticate', { inbound, received });
  if (!authentication.ok) {
    const { message } = authentication;
    const refusal: Refusal = authentication.refusal ?? {
      code: 'signature_invalid',
      message,
      remedy: 'sign the request',
    };
    return yield* reply(answerTo(route, envelope, false, refusedOutcome(refusal)));
  }
  const { key, advisors } = authentication;
  const who = resolvePrincipal(advisors, envelope.principal, key, context.moment.now);
  if (!who.ok) {
    const refusal = principalRefusal(who.error);
    return yield* reply(answerTo(route, envelope, false, refusedOutcome(refusal)));
  }
  try {
    return yield* fromKnownSender(inbound, received, who.value, key, context);
  } catch (error) {
    yield* ask('fault', { error });
    return yield* reply(answerTo(route, envelope, true, BROKEN));
  }
}

/** What an operator's word came to. */
export type WordResult =
  | { readonly kind: 'done'; readonly answer: OutgoingAnswer }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Approves what waits: facts of this moment, policy and budget again, then the effect. */
export function* handleApproval(id: number, by: string): Flow<WordResult> {
  const intent = yield* ask('waiting', { id });
  if (intent === undefined) {
    const message = `nothing waits under ${id}`;
    return {
      kind: 'refused',
      refusal: {
        code: 'approval_unknown',
        message,
        remedy: 'hive-client-pending lists what waits',
      },
    };
  }
  const gathered = yield* ask('facts', { command: intent.command });
  const decision = yield* ask('approve', { id, by, gathered });
  switch (decision.kind) {
    case 'refused':
      return decision;
    case 'closed':
      return { kind: 'done', answer: yield* publish(decision.intent) };
    case 'claimed':
      return { kind: 'done', answer: yield* carryOut(decision.intent) };
  }
}

/** Rejects what waits. */
export function* handleRejection(id: number, by: string): Flow<WordResult> {
  const decision = yield* ask('reject', { id, by });
  return decision.kind === 'refused'
    ? decision
    : { kind: 'done', answer: yield* publish(decision.intent) };
}

/**
 * Brings an intent that a stop interrupted to its outcome. Run for each unfinished one at a start,
 * before any request is taken, and again while one is unknown.
 */
export function* recover(intent: Intent): Flow<Intent> {
  const recovery = recoveryOf(intent);
  if (recovery === 'nothing') {
    return intent;
  }
  const result: EffectResult =
    recovery === 'reconcile' ? yield* ask('reconcile', { intent }) : { kind: 'not_started' };
  const observation =
    result.kind === 'executed' ? yield* ask('observe', { intent, result }) : UNSEEN;
  const recorded = yield* ask('record', { intent, result, observation });
  if (recorded.writes.length > 0) {
    yield* publish(recorded.intent);
  }
  return recorded.intent;
}
