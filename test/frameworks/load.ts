/** @module Loads the packages of this folder: imported from here, they are found here. */

// biome-ignore lint/suspicious/noExplicitAny: the packages are not installed where types are checked
export function load(name: string): Promise<any> {
  return import(/* @vite-ignore */ name);
}
