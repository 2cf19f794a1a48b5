/** Most public nodes a world holds: six times mainnet, and what one process renders in seconds. */
export const PUBLIC_NODES_MAX = 100_000;

/** Fewest public nodes that still have mainnet's shape; below it hubs cannot be told from leaves. */
export const PUBLIC_NODES_MIN = 100;

/** Most public channels: one for each block that the generator places them in. */
export const PUBLIC_CHANNELS_MAX = 400_000;

/** Largest unpacked gossmap snapshot: fifty times that of mainnet. */
export const GOSSMAP_BYTES_MAX = 64 * 1024 * 1024;

/** Largest message between peers after its type (BOLT 1: 65535 bytes with it). */
export const MESSAGE_BYTES_MAX = 65_533;

/** Hops of a route (BOLT 4: 1300 bytes of onion). */
export const ROUTE_HOPS_MAX = 20;

/** Parts that one payment is split into, as xpay's `maxparts`. */
export const PAYMENT_PARTS_MAX = 100;

/** HTLCs in flight in one direction of a channel (BOLT 2 `max_accepted_htlcs`). */
export const HTLCS_MAX = 483;

/** Blocks mined by one call: a year's worth; more is a slip. */
export const BLOCKS_MAX = 52_560;
