// A listchannels answer in lightningd's shape and spacing, the same on every run.

/** The answer with `halves` half channels: 90,000 are mainnet, about 40 MB. */
export function listchannelsText(halves) {
  let state = 1;
  const next = (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const nodes = Array.from(
    { length: 16_000 },
    (_, i) =>
      `02${Array.from({ length: 8 }, () =>
        next(2 ** 32)
          .toString(16)
          .padStart(8, '0'),
      ).join('')}`.slice(0, 62) + i.toString(16).padStart(4, '0'),
  );
  const rows = Array.from({ length: halves }, (_, i) => {
    const capacity = (next(16_000_000) + 20_000) * 1000;
    const channel = Math.floor(i / 2);
    const ends = [
      nodes[(channel * 7919) % nodes.length],
      nodes[(channel * 104_729 + 1) % nodes.length],
    ];
    return `{"source":"${ends[i % 2]}","destination":"${ends[1 - (i % 2)]}","short_channel_id":"${500_000 + (channel % 400_000)}x${channel % 3000}x${channel % 3}","direction":${i % 2},"public":true,"amount_msat":${capacity},"message_flags":1,"channel_flags":${i % 2},"active":true,"last_update":${1_770_000_000 + next(1_000_000)},"base_fee_millisatoshi":${next(2000)},"fee_per_millionth":${next(5000)},"delay":${next(144) + 1},"htlc_minimum_msat":1000,"htlc_maximum_msat":${capacity - 1000},"features":""}`;
  });
  return `{"jsonrpc":"2.0","id":"bench:listchannels#1","result":{"channels":[${rows.join(',')}]}}\n\n`;
}
