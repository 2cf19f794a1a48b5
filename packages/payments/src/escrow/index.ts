export * from './offer.ts';
export * from './payer.ts';
export * from './receiver.ts';
export * from './records.ts';
export * from './terms.ts';
