/** Named values. With `unknown` a program's own interfaces would not be assignable, which have no index signature. */
// biome-ignore lint/suspicious/noExplicitAny: as in the package whose programs must compile.
export type Values = Record<string, any>;
