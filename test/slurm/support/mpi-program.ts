/**
 * Each rank prints the sum of all. The nodes have Open MPI's library but not its headers; the names below are those of the C
 * interface of libmpi.so.40.
 */
const mpiSource = `
#include <stdio.h>
extern char ompi_mpi_comm_world, ompi_mpi_int, ompi_mpi_op_sum;
int MPI_Init(int *, char ***), MPI_Finalize(void), MPI_Comm_rank(void *, int *), MPI_Comm_size(void *, int *);
int MPI_Allreduce(const void *, void *, int, void *, void *, void *);
int main(int argc, char **argv)
{
    int rank, size, sum;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(&ompi_mpi_comm_world, &rank);
    MPI_Comm_size(&ompi_mpi_comm_world, &size);
    MPI_Allreduce(&rank, &sum, 1, &ompi_mpi_int, &ompi_mpi_op_sum, &ompi_mpi_comm_world);
    printf("%d of %d sum %d\\n", rank, size, sum);
    return MPI_Finalize();
}
`;

/** The same by PMI2 alone, through the library that comes with Slurm. */
const pmi2Source = `
#include <slurm/pmi2.h>
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    int spawned, size, rank, number, length, sum = 0;
    char job[256], key[32], value[32];
    PMI2_Init(&spawned, &size, &rank, &number);
    PMI2_Job_GetId(job, sizeof job);
    snprintf(key, sizeof key, "rank%d", rank);
    snprintf(value, sizeof value, "%d", rank);
    PMI2_KVS_Put(key, value);
    PMI2_KVS_Fence();
    for (int i = 0; i < size; i++) {
        snprintf(key, sizeof key, "rank%d", i);
        if (PMI2_KVS_Get(job, PMI2_ID_NULL, key, value, sizeof value, &length) == 0) sum += atoi(value);
    }
    printf("%d of %d sum %d\\n", rank, size, sum);
    return PMI2_Finalize();
}
`;

/** What `srun --mpi` can be here, with the program for it: Debian testing's Slurm has no plugin for PMIx. */
export const launchers: ['pmi2' | 'pmix', program: string][] =
  process.env['CTMGR_CLUSTER_SLURM'] === '26.05'
    ? [['pmi2', '/usr/bin/exchange']]
    : [
        ['pmi2', '/usr/bin/exchange'],
        ['pmix', '/usr/bin/ring'],
      ];

/** For components: with Slurm 22.05 and PMIx such a step now and then never ends, without a container, too. */
export const componentLaunchers = launchers.filter(
  ([mpi]) => mpi === 'pmi2' || process.env['CTMGR_CLUSTER_SLURM'] !== '22.05',
);

/** A script that puts mpi.tar into the folder $1: the programs that can be started here, with all that they load. */
export const packMpi = `set -e
mkdir -p "$1/root/usr/bin"
lib=/usr/lib/$(gcc -print-multiarch)
gcc -x c -o "$1/root/usr/bin/exchange" - -x none $lib/libpmi2.so.0 <<'END'
${pmi2Source}
END
folders=()
if [ -e $lib/libmpi.so.40 ]; then
  gcc -x c -o "$1/root/usr/bin/ring" - -x none $lib/libmpi.so.40 <<'END'
${mpiSource}
END
  folders=($lib/openmpi $lib/pmix2 /etc/openmpi /usr/share/openmpi)
fi
loaded=$({ ldd "$1"/root/usr/bin/*; [ \${#folders[@]} -eq 0 ] || find "\${folders[@]}" -name '*.so*' -exec ldd {} +; } |
  grep -oE '/[^ :]*[.]so[^ :]*' | sort -u)
tar --hard-dereference -chPf "$1/mpi.tar" $loaded "\${folders[@]}" -C "$1/root" usr`;

/**
 * A script that lays out the share $1 with the images hello and mpi, built by Apptainer at once instead of as jobs; mpi.tar is
 * in $2. A second build of hello, 2020-01-01.2, has the content of mpi.
 */
export const makeImages = `set -e
mkdir -p "$1/current" "$1/builds/2020-01-01.1" "$1/builds/2020-01-01.2"
work=$(mktemp -d)
chown ctmgr "$work"
cd "$work"
for name in hello mpi; do
  printf 'Bootstrap: docker\\nFrom: 127.0.0.1:5000/busybox:1\\n%%files\\n%s/mpi.tar /opt/mpi.tar\\n%%post\\n' "$2" >$name.def
  [ $name = hello ] || echo 'tar -C / -xf /opt/mpi.tar' >>$name.def
  printf 'rm /opt/mpi.tar\\necho %s >/etc/image\\n%%environment\\nexport IMAGE=%s\\n' $name $name >>$name.def
  setpriv --reuid ctmgr --regid ctmgr --init-groups env HOME=/var/lib/ctmgr-home APPTAINER_NOHTTPS=true \\
    apptainer --quiet build --fakeroot $name.sif $name.def >$name.log 2>&1 || { cat $name.log >&2; exit 1; }
  install -m 444 $name.sif "$1/builds/2020-01-01.1"
  ln -s ../builds/2020-01-01.1/$name.sif "$1/current/$name.sif"
done
install -m 444 mpi.sif "$1/builds/2020-01-01.2/hello.sif"
rm -r "$work"`;
