import { createHash } from 'node:crypto';

/** Name of the generator, stored with every plan, so that a plan can be drawn again in years to come. */
export const generatorName = 'sha256-xoshiro128**-1';

/** A source of random whole numbers. */
export interface Random {
  /** A whole number from 0 to `bound` - 1, all equally likely; 1 <= bound <= 2^32. */
  below(bound: number): number;
}

/**
 * The generator xoshiro128** 1.1 (Blackman and Vigna, ACM Trans. Math. Softw. 47, 2021; prng.di.unimi.it). Our own and not
 * Math.random, because a plan must come out the same on every machine and with every version of every library.
 * The state is the first 16 bytes of the seed text's SHA-256, as big-endian words.
 */
export function seededRandom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest();
  return randomFrom([0, 4, 8, 12].map((offset) => digest.readUInt32BE(offset)));
}

/** The same generator with a given state of four 32-bit words, not all of them zero. */
export function randomFrom(state: readonly number[]): Random {
  const next = words(state);
  return {
    below(bound) {
      if (!(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32))
        throw new RangeError(`no number below ${bound}`);
      // Values beyond the last whole multiple would make small numbers more likely than large ones.
      const limit = 2 ** 32 - (2 ** 32 % bound);
      for (;;) {
        const word = next();
        if (word < limit) return word % bound;
      }
    },
  };
}

function words(state: readonly number[]): () => number {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

/** A random order of the values: Fisher and Yates' shuffle (Knuth, The Art of Computer Programming 2, algorithm P). */
export function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [result[last], result[other]] = [result[other] as Value, result[last] as Value];
  }
  return result;
}
