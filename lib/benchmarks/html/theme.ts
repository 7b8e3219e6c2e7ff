import type { Config } from 'vega-lite';

/**
 * Roles of colours in figures; the style sheet gives each a value for light, dark and paper. The values are of the palette of Okabe
 * and Ito (Color Universal Design, 2008), which people with any kind of colour vision can tell apart; shapes differ as well.
 */
export const colours = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  band: 'var(--band)',
  bare: 'var(--bare)',
  container: 'var(--container)',
} as const;

/** Figures are so wide that they need no more than a little shrinking on a telephone. */
export const figureWidth = 460;

const text = { labelColor: colours.ink, titleColor: colours.ink, labelFontSize: 12, titleFontSize: 12 };

export const vegaConfig: Config = {
  // The figure as a whole is described; a label for each of hundreds of points helps nobody.
  aria: false,
  background: 'transparent',
  font: 'system-ui, sans-serif',
  padding: 4,
  view: { stroke: null },
  axis: {
    ...text,
    titleFontWeight: 'normal',
    gridColor: 'var(--grid)',
    domainColor: colours.muted,
    tickColor: colours.muted,
    labelOverlap: 'greedy',
    labelSeparation: 6,
  },
  legend: { ...text, orient: 'top', title: null, symbolSize: 90, columnPadding: 16, labelLimit: 0 },
  point: { filled: true, size: 55, opacity: 0.9 },
};

/** Colour and shape of the order of a pair: the colour is that of the leg that came first. */
export const byOrder = {
  field: 'order',
  type: 'nominal',
  scale: { domain: ['bare metal first', 'container first'], range: [colours.bare, colours.container] },
} as const;
export const shapeByOrder = {
  ...byOrder,
  scale: { domain: byOrder.scale.domain, range: ['circle', 'diamond'] },
} as const;

/** Colour and shape of a leg. */
export const byLeg = {
  field: 'leg',
  type: 'nominal',
  scale: { domain: ['bare metal', 'container'], range: [colours.bare, colours.container] },
} as const;
export const shapeByLeg = {
  ...byLeg,
  scale: { domain: byLeg.scale.domain, range: ['circle', 'triangle-up'] },
} as const;
