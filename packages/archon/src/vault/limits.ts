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
