/** Bytes of one encrypted chunk's content, as age has it. */
export const CHUNK_BYTES = 65_536;

/** Chunks that are handled between two turns of the event loop: a megabyte, a few milliseconds. */
export const CHUNKS_PER_TURN = 16;

/** Keys that an archive may be encrypted to: the node's, the shared one, and the operator's own. */
export const RECIPIENTS_MAX = 16;

/** Longest line of an archive's header: age's own are below 100 characters. */
export const HEADER_LINE_MAX = 1_024;

/** Lines of an archive's header: two for each recipient, with room for kinds that are not known here. */
export const HEADER_LINES_MAX = 128;

/** Longest manifest: some 150 bytes for each of a few hundred tables. */
export const MANIFEST_BYTES_MAX = 1_048_576;

/** Tables of one component. */
export const COMPONENT_TABLES_MAX = 1_000;

/** Largest database that is taken back: far above any, so that a forged size fills no disk. */
export const COMPONENT_BYTES_MAX = 64 * 1024 ** 3;

/** Archives that are kept in a folder, whatever the operator asks. */
export const ARCHIVES_MAX = 1_000;

/** Names in a vault's folder that are looked at; others' files may be there too. */
export const FOLDER_NAMES_MAX = 10_000;

/** Bytes of one piece of an archive at a Gatekeeper: with its headers well below the longest answer, 1 MiB. */
export const DEPOSIT_PIECE_BYTES = 512 * 1024;

/** Pieces of one archive at a Gatekeeper: at most 222 bytes each, their index fits into one answer too. */
export const DEPOSIT_PIECES_MAX = 2_048;

/** Largest archive that goes to a Gatekeeper, and that is fetched from one: 1 GiB. */
export const DEPOSIT_BYTES_MAX = DEPOSIT_PIECE_BYTES * DEPOSIT_PIECES_MAX;

/** References that are remembered: 300 bytes each in lightningd's datastore, which is held in memory. */
export const DEPOSITS_KEPT = 100;

/** Failures in a row after which what was begun at one Gatekeeper is begun anew at another. */
export const DEPOSIT_ATTEMPTS_MAX = 3;
