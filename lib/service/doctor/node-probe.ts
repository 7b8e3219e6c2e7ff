import { shellQuote } from '../../util/shell-quote.ts';

export interface ProbePlace {
  share: string;
  scratch: string;
  apptainer: string;
  configFile: string;
  /** A file on the share that was made just now; undefined: there is none to look for. */
  marker: string | undefined;
}

/** What a node says of itself, by key. */
export type ProbeFacts = ReadonlyMap<string, string>;

/**
 * A POSIX shell script that prints `KEY VALUE` lines about the node that it runs on. It changes nothing there and ends
 * with 0 whatever it finds.
 */
export function probeScript({ share, scratch, apptainer, configFile, marker }: ProbePlace): string {
  return `
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
share=${shellQuote(share)} scratch=${shellQuote(scratch)} apptainer=${shellQuote(apptainer)}
config=${shellQuote(configFile)} marker=${shellQuote(marker ?? '')}
say() { printf 'ctmgr-doctor %s %s\\n' "$1" "$2"; }
yes_if() { key=$1; shift; if "$@" >/dev/null 2>&1; then say "$key" yes; else say "$key" no; fi; }
say time "$(date +%s)"
say uid "$(id -u)"
if [ -x "$apptainer" ]; then
  say apptainer "$("$apptainer" --version 2>&1 | head -n 1)"
  libexec=$("$apptainer" buildcfg 2>/dev/null | sed -n 's/^LIBEXECDIR=//p')
  yes_if setuid test -u "$libexec/apptainer/bin/starter-suid"
else
  say apptainer missing
  say setuid no
fi
yes_if userns unshare --user --map-root-user true
yes_if newuidmap command -v newuidmap
yes_if newgidmap command -v newgidmap
yes_if curl command -v curl
yes_if git command -v git
for kind in uid gid; do
  yes_if "sub$kind" grep -Eq "^($(id -un)|$(id -u)):[0-9]+:[0-9]{5,}" "/etc/sub$kind"
done
if [ -c /dev/fuse ] && [ -r /dev/fuse ] && [ -w /dev/fuse ]; then say fuse yes; else say fuse no; fi
for folder in . builds logs tasks results current; do
  say "mode:$folder" "$(stat -c '%a %u' "$share/$folder" 2>/dev/null || echo missing)"
done
yes_if catalogue test -r "$share/catalog.json"
[ -z "$marker" ] || yes_if marker test -e "$marker"
yes_if results_writable test -w "$share/results"
yes_if scratch test -d "$scratch" -a -w "$scratch"
say scratch_free "$(df -Pk "$scratch" 2>/dev/null | awk 'NR == 2 { print $4 }')"
yes_if config test -r "$config"
exit 0
`;
}

/** Reads what the script printed; lines of login messages and the like are left out. */
export function parseProbe(text: string): ProbeFacts {
  const facts = new Map<string, string>();
  for (const [, key = '', value = ''] of text.matchAll(/^ctmgr-doctor (\S+) (.*)$/gm)) facts.set(key, value);
  return facts;
}
