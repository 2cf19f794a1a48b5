/** The release of this suite; all plugins carry the same. */
export const VERSION = '0.1.0';
