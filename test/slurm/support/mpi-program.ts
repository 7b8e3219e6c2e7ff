/**
 * Each rank prints the sum of all. The nodes have Open MPI's library but not its headers; the names below are those of the C
 * interface of libmpi.so.40.
 */
const source = `
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

/** A script that puts mpi.tar into the folder $1: the program as /usr/bin/ring, with all that it loads. */
export const packMpi = `set -e
mkdir -p "$1/root/usr/bin"
lib=/usr/lib/$(gcc -print-multiarch)
gcc -x c -o "$1/root/usr/bin/ring" - -x none $lib/libmpi.so.40 <<'END'
${source}
END
loaded=$({ ldd "$1/root/usr/bin/ring"; find $lib/openmpi $lib/pmix2 -name '*.so*' -exec ldd {} +; } |
  grep -oE '/[^ :]*[.]so[^ :]*' | sort -u)
tar --hard-dereference -chPf "$1/mpi.tar" $loaded $lib/openmpi $lib/pmix2 /etc/openmpi /usr/share/openmpi -C "$1/root" usr`;
