/** What one check found at one place. */
export interface Finding {
  check: string;
  /** A host, a folder, a partition; null: the site as a whole. */
  where: string | null;
  /** `unknown`: it could not be found out, which is neither good nor bad. */
  state: 'ok' | 'warning' | 'problem' | 'unknown';
  detail: string;
  /** What to do about it; null where there is nothing to do. */
  fix: string | null;
}

/** Makes the findings of one check at one place. */
export function findingsOf(check: string, where: string | null = null) {
  const finding = (state: Finding['state'], detail: string, fix: string | null): Finding => ({
    check,
    where,
    state,
    detail,
    fix,
  });
  return {
    ok: (detail: string) => finding('ok', detail, null),
    warning: (detail: string, fix: string) => finding('warning', detail, fix),
    problem: (detail: string, fix: string) => finding('problem', detail, fix),
    unknown: (detail: string, fix: string | null = null) => finding('unknown', detail, fix),
  };
}
