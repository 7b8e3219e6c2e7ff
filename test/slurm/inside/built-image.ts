/** What is compared of an image, whoever built it. */
export interface BuiltImage {
  /** See `readTree`. */
  tree: Record<string, string>;
  environment: Record<string, string>;
  labels: Record<string, string>;
  /** What it prints with each list of `argumentLists`; empty if the Dockerfile does not say what it starts. */
  runs: string[];
}

/** By name of the fixture; a text is why there is no image. */
export type BuiltImages = Record<string, BuiltImage | string>;

export const argumentLists = [[], ['a  b'], ['$HOME', "it's", '', '-n', '*']];
