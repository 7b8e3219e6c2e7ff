import type { TopLevelSpec } from 'vega-lite';

import { type Html, html, trustedHtml, visibleText } from './markup.ts';
import { vegaConfig } from './theme.ts';

/** A figure before it is drawn. */
export interface Figure {
  /** Unique in the page. */
  id: string;
  title: string;
  /** What is to be seen, for those who do not see it. */
  description: string;
  /** How to read it, below the figure. */
  caption: string;
  /** Vega-Lite; data only in `data`, `datum` and `title`, which are texts to it and never expressions. */
  spec: TopLevelSpec;
}

/**
 * Draws figures as SVG inside the page, with title and description. The same figures give the same bytes, whatever the process
 * has drawn before.
 */
export async function drawFigures(figures: readonly Figure[]): Promise<Map<string, Html>> {
  // Heavy, and needed by nobody else: loaded here only.
  const vega = await import('vega');
  const { compile } = await import('vega-lite');
  vega.resetSVGDefIds();
  const drawn = new Map<string, Html>();
  for (const figure of figures) {
    const { spec } = compile(
      { ...figure.spec, config: vegaConfig },
      {
        logger: vega.logger(vega.Error),
      },
    );
    const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Error });
    const svg = await view.toSVG();
    view.finalize();
    drawn.set(figure.id, frame(figure, svg));
  }
  return drawn;
}

function frame({ id, title, description, caption }: Figure, svg: string): Html {
  const inner = svg.replace(/^<svg[^>]*>/, '');
  const size = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
  return html`<figure id="${id}">
<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-title ${id}-description" width="${size[1]}" height="${size[2]}" viewBox="0 0 ${size[1]} ${size[2]}"><title id="${id}-title">${title}</title><desc id="${id}-description">${description}</desc>${trustedHtml(visibleText(inner))}
<figcaption><strong>${title}.</strong> ${caption}</figcaption>
</figure>
`;
}
