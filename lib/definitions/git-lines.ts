import { quoteWord, quoteWords } from './definition-quote.ts';
import { type GitSource, readGitSource } from './git-source.ts';
import type { CopyStep } from './recipe-plan.ts';

/** The call in `%setup` that fetches what ADD of a git repository copies. */
export function gitLine(step: CopyStep, folder: string): string {
  const { remote, ref, folder: sub, submodules, keepGitDir, checksum } = gitSourceOf(step);
  const options = [keepGitDir === true && sub === '' ? 'keep' : '', submodules ? 'submodules' : ''];
  return `ctmgr_git "$SINGULARITY_ROOTFS"${quoteWord(folder)} ${quoteWords([remote, ref, sub, checksum ?? '', ...options])}`;
}

/** What the source and the flags of ADD say together. */
export function gitSourceOf({ sources, keepGitDir, checksum }: CopyStep): GitSource {
  const source = readGitSource(sources[0] as string);
  return {
    ...source,
    ...(keepGitDir === undefined ? {} : { keepGitDir }),
    ...(checksum === undefined ? {} : { checksum }),
  };
}

/**
 * `ctmgr_git FOLDER REMOTE REF SUBFOLDER COMMIT KEEP SUBMODULES` for `%setup`, on the build node: nobody's configuration and no key, as
 * BuildKit fetches (moby/buildkit, source/git/source.go): the one commit alone if the server can give that; a branch before a tag of
 * the same name; of a subfolder its contents. A submodule keeps no `.git` file, which would name a folder of the build.
 */
export const gitFunction = String.raw`
    ctmgr_git() ( # FOLDER REMOTE REF SUBFOLDER COMMIT KEEP SUBMODULES
        set +ex
        umask 022
        fail() { echo "ctmgr: ADD $remote: $*" >&2; exit 1; }
        folder=$1 remote=$2 ref=$3 sub=$4 commit=$5 keep=$6 submodules=$7
        command -v git >/dev/null || fail "this build node has no git"
        export GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ALLOW_PROTOCOL=http:https:git
        export HOME=/dev/null LC_ALL=C
        git -c init.defaultBranch=master init -q "$folder" && cd "$folder" && git remote add origin "$remote" || exit 1
        if [ -z "$ref" ]; then
            ref=$(git ls-remote --symref -- "$remote" HEAD | awk '$1 == "ref:" { print $2; exit }')
            [ -n "$ref" ] || fail "cannot be fetched"
        fi
        if echo "$ref" | grep -qxE '[0-9a-f]{40}|[0-9a-f]{64}'; then
            name=$ref
            git fetch -q --depth=1 origin "$ref" 2>/dev/null || git fetch -q --tags origin || fail "cannot be fetched"
        else
            found=$(git ls-remote -- "$remote" "$ref") || fail "cannot be fetched"
            name=
            for each in "refs/tags/${'$'}{ref#refs/tags/}" "refs/heads/${'$'}{ref#refs/heads/}" "refs/${'$'}{ref#refs/}"; do
                ! echo "$found" | cut -f 2 | grep -qxF -e "$each" || name=$each
            done
            [ -n "$name" ] || fail "the repository has no branch or tag $ref"
            git fetch -q -u --depth=1 --no-tags origin "$name:$name" 2>/dev/null ||
                git fetch -q -u --no-tags origin "$name:$name" || fail "$name cannot be fetched"
        fi
        hashes="$(git rev-parse -q "$name") $(git rev-parse -q --verify "$name^{commit}")" || fail "there is no commit $ref"
        case " $hashes" in *" $commit"*) ;; *) fail "$ref is the commit ${'$'}{hashes##* }, not $commit" ;; esac
        git checkout -q "$name^{commit}" || fail "$ref cannot be checked out"
        if [ -n "$submodules" ]; then
            git submodule -q update --init --recursive --depth=1 || fail "its submodules cannot be fetched"
        fi
        if [ -n "$keep" ]; then
            git reflog expire --all --expire=now && rm -f .git/FETCH_HEAD
        else
            find . -name .git -prune -exec rm -rf {} +
        fi
        [ -n "$sub" ] || exit 0
        path=$folder rest=$sub/
        while [ -n "$rest" ]; do
            path=$path/${'$'}{rest%%/*} rest=${'$'}{rest#*/}
            [ -d "$path" ] && [ ! -L "$path" ] || fail "it has no folder $sub"
        done
        cd / && mv "$path" "$folder.sub" && rm -rf "$folder" && mv "$folder.sub" "$folder"
    )`.slice(1);
