// What this package uses of `macaroon`, which ships no types.
declare module 'macaroon' {
  export interface Macaroon {
    readonly identifier: Uint8Array;
    readonly location: string | null;
    readonly caveats: readonly { readonly identifier: Uint8Array; readonly vid?: Uint8Array }[];
    addFirstPartyCaveat(condition: string): void;
    exportBinary(): Uint8Array;
    verify(rootKey: Uint8Array, check: (condition: string) => string | null): void;
  }
  interface Module {
    newMacaroon(options: {
      readonly version: 2;
      readonly identifier: Uint8Array;
      readonly location: string;
      readonly rootKey: Uint8Array;
    }): Macaroon;
    importMacaroon(bytes: Uint8Array): Macaroon;
  }
  const macaroon: Module;
  export default macaroon;
}
