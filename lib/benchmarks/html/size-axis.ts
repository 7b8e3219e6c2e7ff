/** Powers of two, as people name message sizes. */
export function sizeAxis(sizes: readonly number[]) {
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const values = Array.from({ length: 21 }, (_, i) => 8 ** i).filter((value) => value >= low && value <= high);
  return {
    field: 'size',
    type: 'quantitative',
    scale: { type: 'log', base: 2, nice: false, padding: 8 },
    axis: {
      title: 'message size, bytes',
      values,
      labelExpr:
        "datum.value < 1024 ? '' + datum.value : datum.value < 1048576 ? datum.value / 1024 + ' Ki' : datum.value < 1073741824 ? datum.value / 1048576 + ' Mi' : datum.value / 1073741824 + ' Gi'",
    },
  } as const;
}
