/*
 * The special functions under the t and the normal distribution. Relative error below 1e-12 where they are used here;
 * DLMF is the NIST Digital Library of Mathematical Functions, dlmf.nist.gov.
 */

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0: Lanczos' approximation with g = 7 and nine terms (SIAM J. Numer. Anal. B 1, 1964). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x + 6.5;
  const sum = lanczos.slice(1).reduce((total, term, i) => total + term / (x + i), lanczos[0] ?? 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(shifted) - shifted + Math.log(sum);
}

const tiny = 1e-300;

/**
 * Evaluates the continued fraction a1/(1 + a2/(1 + ...)) or, with `b`, a1/(b1 + a2/(b2 + ...)) by Lentz' method as
 * modified by Thompson and Barnett (J. Comput. Phys. 64, 1986), until a step changes it by less than 1e-15.
 */
function continuedFraction(a: (step: number) => number, b: (step: number) => number = () => 1): number {
  let value = tiny;
  let c = tiny;
  let d = 0;
  for (let step = 1; step <= 100_000; step += 1) {
    d = b(step) + a(step) * d || tiny;
    c = b(step) + a(step) / c || tiny;
    d = 1 / d;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) return value;
  }
  throw new RangeError('the continued fraction does not converge');
}

/** The regularised incomplete beta function I_x(a, b), 0 <= x <= 1 (DLMF 8.17.22 and the symmetry 8.17.4). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  return (
    front *
    continuedFraction((step) => {
      if (step === 1) return 1;
      const m = Math.floor((step - 1) / 2);
      return step % 2 === 0
        ? (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
        : (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    })
  );
}

/** The regularised upper incomplete gamma function Q(a, x), x >= 0 (DLMF 8.7.1 as a series, 8.9.2 as a continued fraction). */
export function upperIncompleteGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x >= a + 1) {
    return (
      front *
      continuedFraction(
        (step) => (step === 1 ? 1 : -(step - 1) * (step - 1 - a)),
        (step) => x + 2 * step - 1 - a,
      )
    );
  }
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * 1e-16; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return 1 - front * sum;
}
