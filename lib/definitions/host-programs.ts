/** Programs of the build host that shell functions of ours start through `ctmgr_host`, by function. */
const users: Record<string, readonly string[]> = { ctmgr_as: ['setpriv'], ctmgr_mount: ['mount', 'umount'] };

/**
 * Lines of `%setup` that bring programs of the build host for the functions of `%post`, with the libraries that they load: not every
 * image has them, and busybox's setpriv cannot change users. They are gone from the image at the end.
 */
export function hostProgramLines(functions: readonly string[]): string[] {
  const called = Object.entries(users).filter(([name]) => functions.some((text) => text.startsWith(`    ${name}()`)));
  if (called.length === 0) return [];
  return [
    '# Programs of this host, as not every image has them',
    'mkdir -p "$SINGULARITY_ROOTFS/.ctmgr/host"',
    `for program in ${called.flatMap(([, programs]) => programs).join(' ')}; do
        file=$(command -v $program) || continue
        cp -L "$file" $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*') "$SINGULARITY_ROOTFS/.ctmgr/host/"
    done`,
  ];
}

/** `ctmgr_host PROGRAM ARGUMENT…` becomes the program that `%setup` has brought, or else the image's own. */
export const hostFunction = String.raw`
    ctmgr_host() { # PROGRAM ARGUMENT...
        ctmgr_program=/.ctmgr/host/$1
        if [ ! -x "$ctmgr_program" ]; then
            ctmgr_program=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin; command -v "$1") || { echo "ctmgr: there is no $1" >&2; exit 127; }
            shift
            exec "$ctmgr_program" "$@"
        fi
        shift
        for ctmgr_loader in /.ctmgr/host/ld*; do
            [ ! -x "$ctmgr_loader" ] || exec "$ctmgr_loader" --library-path /.ctmgr/host "$ctmgr_program" "$@"
        done
        exec "$ctmgr_program" "$@"
    }`.slice(1);
