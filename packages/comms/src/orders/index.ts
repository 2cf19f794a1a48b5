export * from './decide-order.ts';
export * from './order.ts';
export * from './order-flow.ts';
export * from './reason.ts';
export * from './stop.ts';
export * from './subscription.ts';
